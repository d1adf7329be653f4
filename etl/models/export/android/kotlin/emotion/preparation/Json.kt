package emotion.preparation

/** Reads JSON without a library: a text becomes maps, lists, strings, numbers (Double), booleans and nulls. */
internal class Json private constructor(private val text: String) {
    private var at = 0

    private fun value(): Any? {
        skipSpace()
        return when (text[at]) {
            '{' -> members()
            '[' -> elements()
            '"' -> string()
            't' -> word("true", true)
            'f' -> word("false", false)
            'n' -> word("null", null)
            else -> number()
        }
    }

    private fun members(): Map<String, Any?> {
        val found = LinkedHashMap<String, Any?>() // keeps the order
        at++
        while (!isAtEndOf('}')) {
            val name = string()
            skipSpace()
            take(':')
            found[name] = value()
        }
        return found
    }

    private fun elements(): List<Any?> {
        val found = ArrayList<Any?>()
        at++
        while (!isAtEndOf(']')) found.add(value())
        return found
    }

    /** Skips space and a comma; at `end` it takes that, and is done. */
    private fun isAtEndOf(end: Char): Boolean {
        skipSpace()
        if (text[at] == ',') {
            at++
            skipSpace()
        }
        if (text[at] != end) return false
        at++
        return true
    }

    private fun string(): String {
        take('"')
        val end = text.indexOf('"', at)
        if (text.indexOf('\\', at).let { it < 0 || it > end }) return text.substring(at, end).also { at = end + 1 }
        val found = StringBuilder()
        while (text[at] != '"') found.append(if (text[at] == '\\') escaped() else text[at++])
        at++
        return found.toString()
    }

    private fun escaped(): Char {
        val letter = text[at + 1]
        at += 2
        if (letter != 'u') return SHORT[letter] ?: letter
        at += 4
        return text.substring(at - 4, at).toInt(16).toChar()
    }

    private fun number(): Double {
        val start = at
        while (at < text.length && text[at] in "+-.0123456789eE") at++
        return text.substring(start, at).toDouble()
    }

    private fun word(spelled: String, meant: Any?): Any? {
        require(text.startsWith(spelled, at)) { "not JSON at $at" }
        at += spelled.length
        return meant
    }

    private fun take(sign: Char) {
        require(text[at] == sign) { "not JSON at $at: expected $sign" }
        at++
    }

    private fun skipSpace() {
        while (at < text.length && text[at] in " \t\n\r") at++
    }

    companion object {
        private val SHORT = mapOf('b' to '\b', 'f' to '\u000c', 'n' to '\n', 'r' to '\r', 't' to '\t')

        /** Reads the one value of a text. */
        fun read(text: String): Any? = Json(text).value()
    }
}

/** An object of JSON, with its members by name and type. */
internal class Settings(private val members: Map<String, Any?>) {
    fun has(name: String): Boolean = members[name] != null

    fun string(name: String): String = get(name) as String

    fun stringOrNull(name: String): String? = members[name] as String?

    fun int(name: String): Int = (get(name) as Double).toInt()

    fun flag(name: String): Boolean = get(name) as Boolean

    fun strings(name: String): List<String> = list(name).map { it as String }

    /** All members, which are strings. */
    fun toMap(): Map<String, String> = members.mapValues { it.value as String }

    fun ints(name: String): IntArray = list(name).map { (it as Double).toInt() }.toIntArray()

    fun floats(name: String): FloatArray = list(name).map { (it as Double).toFloat() }.toFloatArray()

    fun list(name: String): List<Any?> = get(name) as List<Any?>

    @Suppress("UNCHECKED_CAST")
    fun settings(name: String): Settings = Settings(get(name) as Map<String, Any?>)

    @Suppress("UNCHECKED_CAST")
    fun each(name: String): List<Settings> = list(name).map { Settings(it as Map<String, Any?>) }

    private fun get(name: String): Any = requireNotNull(members[name]) { "the pack does not say $name" }
}
