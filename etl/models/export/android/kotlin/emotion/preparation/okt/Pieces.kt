package emotion.preparation.okt

/** The pieces of a run of Hangul, and what the parser has to know of the one that is chosen. */
internal class Pieces(private val words: Words, private val rules: Rules) {
    private var rows = IntArray(0)
    private val recoveredRows = IntArray(LONGEST_WORD * LONGEST_WORD)

    var start = 0
        private set
    var to = 0
        private set
    var row = 0
        private set
    var mask = 0 // its parts of speech
        private set
    var noun = 0 // its row as a noun
        private set
    var nounShare = 0f
        private set
    var isMismatched = false // as a josa behind a noun
        private set
    var isHa = false
        private set

    /** Looks up all pieces of a run. */
    fun find(run: String) {
        if (rows.size < run.length * LONGEST_WORD) rows = IntArray(run.length * LONGEST_WORD)
        words.findAll(run, rows)
    }

    /** The row of a piece of at most eight syllables, or -1. */
    fun row(start: Int, length: Int): Int = rows[LONGEST_WORD * start + length - 1]

    fun choose(run: String, start: Int, to: Int) {
        this.start = start
        this.to = to
        val length = to - start
        row = row(start, length)
        mask = if (row >= 0) words.masks[row] and PARTS_OF_SPEECH else 0
        nounShare = if (row >= 0) 1f - words.frequencies[row] else 1f
        noun = row
        if (mask and NOUN_BIT == 0) noun = if (isKnownNoun(run, start, length)) KNOWN_NOUN else UNKNOWN_NOUN
        isMismatched = start > 0 && isJosaMismatched(codaOf(run[start - 1]), run[start], length)
        isHa = run[start] in rules.ha
    }

    /** Whether a josa that begins with `head` cannot follow a noun that ends in this final consonant. */
    private fun isJosaMismatched(coda: Int, head: Char, length: Int): Boolean {
        val josa = rules.josa
        if (coda > 0) {
            val isShort = length == 1 && (head == josa[1] || head == josa[2] || head == josa[3])
            return (coda != CODA_L && head == josa[0]) || isShort
        }
        return head == josa[4] || (length == 1 && (head == josa[5] || head == josa[6] || head == josa[7]))
    }

    /** Whether a piece that no dictionary has as a noun is one all the same: a name or a number. */
    private fun isKnownNoun(run: String, start: Int, length: Int): Boolean =
        isName(rows, start, length) || isNumber(run, start, start + length) || isNameVariation(run, start, length)

    /** KoreanSubstantive.isName: a name as a whole, or a family name and a given name of two syllables. */
    private fun isName(rows: IntArray, start: Int, length: Int): Boolean {
        if (mask(rows, start, length) and (FULL_NAME or GIVEN_NAME) != 0) return true
        if (length != 3 && length != 4) return false
        val isFamily = mask(rows, start, length - 2) and FAMILY_NAME != 0
        return isFamily && mask(rows, start + length - 2, 2) and GIVEN_NAME != 0
    }

    private fun mask(rows: IntArray, start: Int, length: Int): Int {
        val row = rows[LONGEST_WORD * start + length - 1]
        return if (row >= 0) words.masks[row] else 0
    }

    /** KoreanSubstantive.isKoreanNumber. */
    private fun isNumber(run: String, start: Int, end: Int): Boolean =
        (start until end).all { run[it] in rules.numberSyllables || (it == end - 1 && run[it] in rules.numberEndings) }

    /** KoreanSubstantive.isKoreanNameVariation: a name whose last consonant slid over to the ending. */
    private fun isNameVariation(run: String, start: Int, length: Int): Boolean {
        if (length < 3 || length > 5) return false
        val last = run[start + length - 1]
        val onset = onsetOf(last)
        if (vowelOf(last) != VOWEL_I || codaOf(last) != 0 || CODA_OF_ONSET[onset] == 0 || onset == SILENT_ONSET) return false
        val before = run[start + length - 2]
        if (codaOf(before) != 0) return false
        val recovered = run.substring(start, start + length - 2) + (before + CODA_OF_ONSET[onset]) + rules.nameEnding
        words.findAll(recovered, recoveredRows)
        return isName(recoveredRows, 0, length) || isName(recoveredRows, 0, length - 1)
    }

    private companion object {
        const val CODA_L = 8 // the one after which a josa that begins with the first of `josa` may stand
        const val SILENT_ONSET = 11
        const val VOWEL_I = 20
    }
}
