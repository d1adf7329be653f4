package emotion.preparation

/**
 * Shortens runs of a unit of up to three characters, none of them a digit or blank, to `times` repeats.
 *
 * It finds what the pattern of `etl/ingestion/steps/clean.py` finds, from left to right and short units first. It is
 * none itself, because the ICU of Android gives up on patterns that repeat a group a million times.
 */
internal class Repeats(private val times: Int) {
    /** Folds until nothing is left to fold. */
    fun fold(text: String): String {
        var folded = text
        do {
            val before = folded
            folded = foldOnce(before)
        } while (folded != before)
        return folded
    }

    private fun foldOnce(text: String): String {
        val characters = text.codePoints().toArray()
        val folded = StringBuilder(text.length)
        var at = 0
        while (at < characters.size) {
            val unit = (1..LONGEST_UNIT).firstOrNull { isUnit(characters, at, it) && repeats(characters, at, it) >= times }
            for (kept in 0 until if (unit == null) 1 else times * unit) folded.appendCodePoint(characters[at + kept])
            at += if (unit == null) 1 else unit * (1 + repeats(characters, at, unit))
        }
        return folded.toString()
    }

    private fun isUnit(characters: IntArray, at: Int, length: Int): Boolean =
        at + length <= characters.size && (at until at + length).none { isBlankOrDigit(characters[it]) }

    /** How often the characters before `at + length` come again. */
    private fun repeats(characters: IntArray, at: Int, length: Int): Int {
        var end = at + length
        while (end < characters.size && characters[end] == characters[end - length]) end++
        return (end - at - length) / length
    }

    private fun isBlankOrDigit(character: Int): Boolean =
        Character.getType(character).toByte() == Character.DECIMAL_DIGIT_NUMBER || (character < 0x10000 && isBlank(character.toChar()))

    private companion object {
        const val LONGEST_UNIT = 3
    }
}
