package emotion.preparation

/** The characters of HTML's entities, as Python's `html.unescape` has them. */
internal class Entities(names: Settings, references: Settings) {
    private val characterOf = names.toMap()
    private val characterOfNumber = references.toMap().mapKeys { it.key.toInt() }

    /** The text that an entity stands for, given without its `&`; null where there is none. */
    fun character(entity: String): String? =
        if (entity.startsWith('#')) numbered(entity)?.takeIf { it.isNotEmpty() && REPLACEMENT !in it } else characterOf[entity]

    /** What is no number to HTML, such as one in full-width digits, stays as it is. */
    private fun numbered(entity: String): String? {
        val isHexadecimal = entity.getOrNull(1) == 'x' || entity.getOrNull(1) == 'X'
        val start = if (isHexadecimal) 2 else 1
        val digits = entity.substring(start).takeWhile { if (isHexadecimal) it in HEXADECIMAL else it in '0'..'9' }
        if (digits.isEmpty()) return "&$entity"
        val number = digits.toInt(if (isHexadecimal) 16 else 10)
        val rest = entity.substring(start + digits.length).removePrefix(";")
        return (characterOfNumber[number] ?: characterOf(number)) + rest
    }

    private fun characterOf(number: Int): String {
        val isHalf = number in Char.MIN_SURROGATE.code..Char.MAX_SURROGATE.code
        return if (isHalf || number > Character.MAX_CODE_POINT) "$REPLACEMENT" else String(Character.toChars(number))
    }

    private companion object {
        const val REPLACEMENT = '\ufffd'
        const val HEXADECIMAL = "0123456789abcdefABCDEF"
    }
}
