package emotion.preparation

import java.util.regex.Matcher
import java.util.regex.Pattern

/** A token with its tag, in the tag set of the tagger. */
internal data class Tagged(val token: String, val tag: String)

/** Cuts a text into tokens; null where it cannot tag the text. */
internal fun interface Tagger {
    fun tag(text: String): List<Tagged>?
}

/** A part that is handed around the tagger: `token` in its place, or itself; `isGlued`: the tagger gets it as well. */
internal class Part(val group: String, val tag: String, val token: String?, val isGlued: Boolean)

/** Cuts what a tagger would lose out of a text, and has the rest tagged, as `etl/tagging/around.py` does. */
internal class Around(private val pattern: Pattern, private val parts: List<Part>, private val signs: Pattern?) {
    fun tag(text: String, tagger: Tagger): List<Tagged>? {
        val pieces = cut(text)
        if (pieces.size == 1 && text.isNotEmpty() && stripped(text) == text) return tagger.tag(text)
        val found = ArrayList<Tagged>()
        for (piece in pieces) {
            val token = stripped(piece.token)
            when {
                token.isEmpty() -> continue
                piece.tag.isNotEmpty() -> found.add(Tagged(token, piece.tag))
                else -> found.addAll(tagger.tag(token) ?: return null)
            }
        }
        return found
    }

    /** The pieces of a text; what is for the tagger has no tag. */
    private fun cut(text: String): List<Tagged> {
        if (signs != null && !signs.isIn(text)) return listOf(Tagged(text, ""))
        val pieces = ArrayList<Tagged>()
        val matcher = pattern.matcher(text)
        var at = 0
        while (matcher.find()) {
            val part = partOf(matcher) ?: continue // an address, say
            pieces.add(Tagged(text.substring(at, if (part.isGlued) matcher.end() else matcher.start()), ""))
            pieces.add(Tagged(part.token ?: matcher.group(), part.tag))
            at = matcher.end()
        }
        pieces.add(Tagged(text.substring(at), ""))
        return pieces
    }

    private fun partOf(matcher: Matcher): Part? = parts.firstOrNull { matcher.group(it.group) != null }
}

/** Takes off what Python's `str.strip` takes for white space. */
internal fun stripped(text: String): String = text.trim(::isBlank)

internal fun isBlank(character: Char): Boolean = when (character.code) {
    in 0x09..0x0D, in 0x1C..0x20, 0x85, 0xA0, 0x1680, in 0x2000..0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000 -> true
    else -> false
}
