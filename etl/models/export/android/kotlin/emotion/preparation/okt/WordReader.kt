package emotion.preparation.okt

import emotion.preparation.Pack
import emotion.preparation.Settings

/** Reads Okt's dictionaries out of a pack; `etl/models/export/pack/okt_words.py` says how they stand there. */
internal class WordReader(private val settings: Settings, private val pack: Pack) {
    private val shapes = pack.bytes("okt.word_shapes")
    private val others = settings.strings("others")
    private val count = shapes.size + others.size
    private val starts = IntArray(count + 1)

    fun read(): Words {
        val texts = readTexts()
        val kinds = pack.ints("okt.kinds")
        val bits = pack.chars("okt.word_kinds").let { places -> IntArray(count) { kinds[places[it].code] } }
        val frequencies = readFrequencies(bits, settings.int("has_frequency"))
        val stems = listOf(VERB to "verb_stems", ADJECTIVE to "adjective_stems").filter { settings.has(it.second) }
        return Words(texts, starts, bits, frequencies, stems.associate { (pos, name) -> pos to readStems(bits, pos, name) })
    }

    /** Each word begins as the one before it does, and goes on with syllables of its own; the others stand at the end. */
    private fun readTexts(): CharArray {
        for (row in shapes.indices) starts[row + 1] = starts[row] + sharedOf(row) + followingOf(row)
        others.forEachIndexed { place, word -> starts[shapes.size + place + 1] = starts[shapes.size + place] + word.length }
        val texts = CharArray(starts[count])
        val syllables = pack.chars("okt.word_syllables")
        var at = 0
        for (row in shapes.indices) {
            val shared = sharedOf(row)
            val following = followingOf(row)
            if (shared > 0) System.arraycopy(texts, starts[row - 1], texts, starts[row], shared)
            System.arraycopy(syllables, at, texts, starts[row] + shared, following)
            at += following
        }
        others.joinToString("").toCharArray(texts, starts[shapes.size])
        return texts
    }

    private fun sharedOf(row: Int) = (shapes[row].toInt() and 0xFF) / SHARED

    private fun followingOf(row: Int) = (shapes[row].toInt() and 0xFF) % SHARED

    private fun readFrequencies(bits: IntArray, hasFrequency: Int): FloatArray {
        val values = pack.floats("okt.frequencies")
        val places = pack.chars("okt.frequency_places")
        var at = 0
        return FloatArray(count) { if (bits[it] and hasFrequency != 0) values[places[at++].code] else 0f }
    }

    private fun readStems(bits: IntArray, pos: Int, name: String): Words.Stems {
        val places = pack.chars("okt.$name")
        var at = 0
        return Words.Stems(settings.strings(name), CharArray(count) { if ((bits[it] shr pos) and 1 != 0) places[at++] else NONE })
    }

    private companion object {
        const val SHARED = 16
        const val NONE = '\uffff'
    }
}
