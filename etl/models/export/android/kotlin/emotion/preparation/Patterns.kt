package emotion.preparation

import java.util.regex.Matcher
import java.util.regex.Pattern

// Patterns come out of the pack, written so that Java and the ICU of Android read the same in them.

internal fun Pattern.isIn(text: CharSequence): Boolean = matcher(text).find()

internal fun Pattern.matchesIn(text: CharSequence): Int {
    val matcher = matcher(text)
    var count = 0
    while (matcher.find()) count++
    return count
}

/** Replaces each match; a text without one is returned as it is. */
internal inline fun Pattern.replaceEach(text: String, replacement: (Matcher) -> String): String {
    val matcher = matcher(text)
    if (!matcher.find()) return text
    val replaced = StringBuilder(text.length)
    var at = 0
    do {
        replaced.append(text, at, matcher.start()).append(replacement(matcher))
        at = matcher.end()
    } while (matcher.find())
    return replaced.append(text, at, text.length).toString()
}
