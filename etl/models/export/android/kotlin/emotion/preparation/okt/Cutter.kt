package emotion.preparation.okt

import emotion.preparation.Ranges
import emotion.preparation.Settings
import emotion.preparation.isIn
import java.util.regex.Pattern

/** A piece of an eojeol, of one kind: a script, a number, a link; that of foreign text where it is of none. */
internal class Piece(val kind: String, val text: String)

/**
 * Cuts eojeols into pieces of one kind, as `etl/tagging/okt/cut.py` does.
 *
 * The library searches its patterns one after another in the whole eojeol and drops a match that overlaps an earlier
 * one. Most eojeols need none of that: there a piece is a longest run of one script.
 */
internal class Cutter(settings: Settings) {
    private class Script(val kind: String, val characters: Ranges)

    private class Kind(val name: String, val pattern: Pattern)

    private val foreign = settings.string("foreign")
    private val scripts = settings.list("scripts").map { it as List<*> }.map { Script(it[0] as String, Ranges(it[1] as List<*>)) }
    private val characters = Ranges(settings.list("characters"))
    private val blankStart = Pattern.compile(settings.string("blank_start"))
    private val digit = Pattern.compile(settings.string("digit"))
    private val odd = Pattern.compile(settings.string("odd"))
    private val longestOdd = settings.int("longest_odd")
    private val numbers = kindsOf(settings, "numbers")

    // The patterns of links are long, and few eojeols need them.
    private val links by lazy { kindsOf(settings, "links") }

    /** The pieces of an eojeol in their order; null where only the library itself can cut it. */
    fun cut(eojeol: String): List<Piece>? {
        if (!eojeol.codePoints().allMatch { it in characters }) return null
        val isOdd = odd.isIn(eojeol)
        return when {
            isOdd && eojeol.codePointCount(0, eojeol.length) > longestOdd -> null
            blankStart.isIn(eojeol) -> emptyList()
            isOdd -> search(eojeol, links)
            digit.isIn(eojeol) -> search(eojeol, numbers)
            else -> runsOf(eojeol)
        }
    }

    private fun runsOf(eojeol: String): List<Piece> {
        val pieces = ArrayList<Piece>()
        var start = 0
        var at = 0
        var kind = ""
        while (at < eojeol.length) {
            val codePoint = eojeol.codePointAt(at)
            val own = scripts.firstOrNull { codePoint in it.characters }?.kind ?: foreign
            if (own != kind && at > start) {
                pieces.add(Piece(kind, eojeol.substring(start, at)))
                start = at
            }
            kind = own
            at += Character.charCount(codePoint)
        }
        if (at > start) pieces.add(Piece(kind, eojeol.substring(start)))
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
        found.sortWith(compareBy({ it.first }, { it.second }, { it.third }))
        val pieces = ArrayList<Piece>()
        var at = 0
        for ((start, end, kind) in found) {
            if (start > at) pieces.add(Piece(foreign, eojeol.substring(at, start)))
            if (end > start) pieces.add(Piece(kind, eojeol.substring(start, end)))
            at = end
        }
        if (at < eojeol.length) pieces.add(Piece(foreign, eojeol.substring(at)))
        return pieces
    }

    private fun kindsOf(settings: Settings, name: String) = settings.list(name).map { it as List<*> }.map {
        Kind(it[0] as String, Pattern.compile(it[1] as String))
    }
}
