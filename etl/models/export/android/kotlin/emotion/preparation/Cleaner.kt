package emotion.preparation

import java.text.Normalizer
import java.util.regex.Matcher
import java.util.regex.Pattern

/** A cleaned text; `reason` says why it is not used, null where it is. */
internal class Cleaned(val text: String, val reason: String?)

/**
 * Cleans a sentence as `etl/ingestion/steps/clean.py` does.
 *
 * Composes it (NFC), takes markup out, collapses blanks to one space, and shortens long repeats.
 */
internal class Cleaner(settings: Settings) {
    private val maxRawChars = settings.int("max_raw_chars")
    private val maxChars = settings.int("max_chars")
    private val markup = if (settings.has("markup")) Markup(settings.settings("markup")) else null
    private val patterns = settings.settings("patterns")
    private val canChange = Pattern.compile(patterns.string("can_change"))
    private val blanks = Pattern.compile(patterns.string("blanks"))
    private val visible = Pattern.compile(patterns.string("visible"))
    private val repeats = Repeats(settings.int("max_repeats"))
    private val drawnOut = patterns.stringOrNull("drawn_out")?.let(Pattern::compile)

    fun clean(rawText: String): Cleaned {
        if (charsOf(rawText) > maxRawChars) return Cleaned("", TOO_LONG)
        var text = if (canChange.isIn(rawText)) Normalizer.normalize(rawText, Normalizer.Form.NFC) else rawText
        if (markup != null) text = markup.remove(text)
        text = blanks.replaceEach(text) { " " }.trim(' ')
        text = repeats.fold(text)
        if (drawnOut != null) text = drawnOut.replaceEach(text, ::groupOf)
        val reason = when {
            !visible.isIn(text) -> EMPTY
            charsOf(text) > maxChars -> TOO_LONG
            else -> null
        }
        return Cleaned(text, reason)
    }

    /** What the one group of a match that took part in it holds. */
    private fun groupOf(match: Matcher): String = (1..match.groupCount()).firstNotNullOf { match.group(it) }

    private fun charsOf(text: String) = text.codePointCount(0, text.length)

    private companion object {
        const val EMPTY = "empty_text"
        const val TOO_LONG = "text_too_long"
    }
}
