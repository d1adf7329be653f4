package emotion.preparation.okt

import emotion.preparation.Pack
import emotion.preparation.Settings
import emotion.preparation.Tagged
import emotion.preparation.Tagger
import emotion.preparation.isIn
import java.util.regex.Pattern

/**
 * Tags texts exactly as Okt (open-korean-text 2.1) does, as `etl/tagging/okt` has it.
 *
 * Okt is context-free between white space: each eojeol is normalised, cut into pieces of one kind, and a piece of
 * Hangul is parsed.
 */
internal class Okt(settings: Settings, pack: Pack) : Tagger {
    private val words = WordReader(settings, pack).read()
    private val parser = Parser(words, Rules(settings))
    private val cutter = Cutter(settings.settings("cut"))
    private val normaliser =
        if (settings.has("normalise")) Normaliser(settings.settings("normalise"), typosOf(settings), words, parser) else null
    private val parts = settings.strings("parts")
    private val blank = Pattern.compile(settings.settings("cut").string("blank"))

    override fun tag(text: String): List<Tagged>? {
        val found = ArrayList<Tagged>()
        for (eojeol in text.split(*SPACES)) {
            if (eojeol.isEmpty()) continue
            val form = normaliser?.normalise(eojeol) ?: eojeol
            for (piece in cutter.cut(form) ?: return null) {
                if (piece.kind == HANGUL) parse(piece.text, found)
                else if (!blank.isIn(piece.text)) found.add(Tagged(piece.text, piece.kind))
            }
        }
        return found
    }

    private fun parse(run: String, found: MutableList<Tagged>) {
        for (word in parser.parse(run)) {
            val written = run.substring(word.start, word.start + word.length)
            found.add(Tagged(words.stem(word.pos, word.row) ?: written, parts[word.pos]))
        }
    }

    private companion object {
        const val HANGUL = "Korean"
        val SPACES = charArrayOf(' ', '\t', '\n', '\u000b', '\u000c', '\r') // Java's \s, and nothing else divides

        fun typosOf(settings: Settings) = settings.list("typos").map { it as List<*> }.map { it[0] as String to it[1] as String }
    }
}
