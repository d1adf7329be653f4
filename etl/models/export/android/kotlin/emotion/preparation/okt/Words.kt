package emotion.preparation.okt

/**
 * Okt's dictionaries: words by their rows, found through a hash table.
 *
 * @param texts the words one after another
 * @param starts where each word begins in `texts`, and the last one ends
 * @property masks of each word its parts of speech and kinds of name, as bits
 * @property frequencies of each word how common it is as a noun, 0 to 1
 * @param stems for verbs and adjectives, by their part of speech
 */
internal class Words(
    private val texts: CharArray,
    private val starts: IntArray,
    val masks: IntArray,
    val frequencies: FloatArray,
    private val stems: Map<Int, Stems>,
) {
    /** Dictionary forms, and for each word the place of its own among them. */
    class Stems(private val forms: List<String>, private val places: CharArray) {
        fun of(row: Int): String = forms[places[row].code]
    }

    private val last: Int // of the slots; how many there are is a power of two
    private val rowBits: Int
    private val slots: IntArray // the row of a word plus one, and some bits of its hash above it

    init {
        rowBits = (Integer.highestOneBit(masks.size + 1) shl 1) - 1
        val size = (rowBits + 1) shl 1
        last = size - 1
        slots = IntArray(size)
        for (row in masks.indices) {
            var hash = 0
            for (at in starts[row] until starts[row + 1]) hash = hashWith(hash, texts[at])
            val mixed = mixed(hash)
            var slot = mixed and last
            while (slots[slot] != 0) slot = (slot + 1) and last
            slots[slot] = (mixed and rowBits.inv()) or (row + 1)
        }
    }

    /** Looks up all pieces of a run of at most eight syllables: `rows[8 * start + length - 1]` is a row, or -1. */
    fun findAll(run: CharSequence, rows: IntArray) {
        for (start in run.indices) {
            var hash = 0
            for (end in start + 1..minOf(start + LONGEST_WORD, run.length)) {
                hash = hashWith(hash, run[end - 1])
                rows[LONGEST_WORD * start + end - start - 1] = find(run, start, end, mixed(hash))
            }
        }
    }

    /** The row of a word, or -1. */
    fun row(word: CharSequence): Int = find(word, 0, word.length, mixed(word.fold(0, ::hashWith)))

    /** Whether a word has a part of speech. */
    fun isA(pos: Int, word: CharSequence): Boolean = row(word).let { it >= 0 && (masks[it] shr pos) and 1 != 0 }

    /** The dictionary form of a verb or adjective; null for any other part of speech, or where there are no stems. */
    fun stem(pos: Int, row: Int): String? = stems[pos]?.of(row)

    private fun find(text: CharSequence, start: Int, end: Int, mixed: Int): Int {
        val tag = mixed and rowBits.inv()
        var slot = mixed and last
        while (slots[slot] != 0) {
            if (slots[slot] and rowBits.inv() == tag) {
                val row = (slots[slot] and rowBits) - 1
                if (isSame(row, text, start, end)) return row
            }
            slot = (slot + 1) and last
        }
        return -1
    }

    private fun isSame(row: Int, text: CharSequence, start: Int, end: Int): Boolean {
        val first = starts[row]
        if (starts[row + 1] - first != end - start) return false
        for (at in start until end) if (texts[first + at - start] != text[at]) return false
        return true
    }

    private companion object {
        fun hashWith(hash: Int, character: Char): Int = (hash + character.code) * -0x61c88647

        fun mixed(hash: Int): Int = (hash xor (hash ushr 15)) * 0x2c1b3c6d
    }
}
