package emotion.preparation.okt

import emotion.preparation.Settings
import emotion.preparation.isIn
import java.util.regex.Pattern

/** A piece of an eojeol, of one kind: a script, a number, a link; `FOREIGN` where it is of none. */
internal class Piece(val kind: String, val text: String)

/**
 * Cuts eojeols into pieces of one kind, as `etl/tagging/okt/cut.py` does.
 *
 * The library searches its patterns one after another in the whole eojeol and drops a match that overlaps an earlier
 * one. Most eojeols need none of that: there a piece is a longest run of one script.
 */
internal class Cutter(settings: Settings) {
    private class Kind(val name: String, val pattern: Pattern)

    private val others = Pattern.compile(settings.string("others"))
    private val odd = Pattern.compile(settings.string("odd"))
    private val scripts = kindsOf(settings, "scripts")
    private val runs = Pattern.compile(settings.string("runs"))
    private val numbers = kindsOf(settings, "numbers")
    // The patterns of links are long, and few eojeols need them.
    private val links by lazy { kindsOf(settings, "patterns") }

    /** The pieces of an eojeol in their order; null where only the library itself can cut it. */
    fun cut(eojeol: String): List<Piece>? {
        val isOdd = odd.isIn(eojeol)
        if (others.isIn(eojeol) || (isOdd && eojeol.codePointCount(0, eojeol.length) > LONGEST_ODD)) return null
        // A space that Java does not split at, such as U+3000, makes the whole eojeol blank.
        if (isSpace(eojeol.codePointAt(0))) return emptyList()
        if (isOdd) return search(eojeol, links)
        return if (eojeol.any { it in '0'..'9' }) search(eojeol, numbers) else runsOf(eojeol)
    }

    private fun runsOf(eojeol: String): List<Piece> {
        val pieces = ArrayList<Piece>()
        val matcher = runs.matcher(eojeol)
        while (matcher.find()) {
            val group = (1..matcher.groupCount()).firstOrNull { matcher.start(it) >= 0 }
            pieces.add(Piece(if (group == null) FOREIGN else scripts[group - 1].name, matcher.group()))
        }
        return pieces
    }

    private fun search(eojeol: String, kinds: List<Kind>): List<Piece> {
        val found = ArrayList<Triple<Int, Int, String>>()
        for (kind in kinds) {
            val matcher = kind.pattern.matcher(eojeol)
            while (matcher.find()) {
                if (found.all { (start, end) -> matcher.end() <= start || matcher.start() >= end }) {
                    found.add(Triple(matcher.start(), matcher.end(), kind.name))
                }
            }
        }
        found.sortBy { it.first }
        val pieces = ArrayList<Piece>()
        var at = 0
        for ((start, end, kind) in found) {
            if (start > at) pieces.add(Piece(FOREIGN, eojeol.substring(at, start)))
            if (end > start) pieces.add(Piece(kind, eojeol.substring(start, end)))
            at = end
        }
        if (at < eojeol.length) pieces.add(Piece(FOREIGN, eojeol.substring(at)))
        return pieces
    }

    private fun isSpace(codePoint: Int) = when (Character.getType(codePoint).toByte()) {
        Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true
        else -> false
    }

    private companion object {
        const val FOREIGN = "Foreign"
        const val LONGEST_ODD = 1000

        fun kindsOf(settings: Settings, name: String) = settings.list(name).map { it as List<*> }.map {
            Kind(it[0] as String, Pattern.compile(it[1] as String))
        }
    }
}
