import emotion.preparation.Preparation
import emotion.preparation.Prepared
import java.io.BufferedReader
import java.io.File
import java.io.InputStreamReader
import java.io.PrintStream

/**
 * Prepares texts, each a line of hexadecimal UTF-16 code units, so that halves of characters can be among them.
 *
 * Prints a line of JSON for each.
 */
fun main(arguments: Array<String>) {
    val preparation = Preparation.open(File(arguments[0]).inputStream())
    val out = PrintStream(System.out, false, "UTF-8")
    BufferedReader(InputStreamReader(System.`in`, Charsets.US_ASCII)).forEachLine { line ->
        val text = String(CharArray(line.length / 4) { line.substring(4 * it, 4 * it + 4).toInt(16).toChar() })
        val prepared = preparation.prepare(text)
        out.println(shown(prepared, preparation.ids(prepared)))
    }
    out.flush()
}

private fun shown(prepared: Prepared, ids: IntArray?): String {
    val tokens = prepared.tokens.joinToString(",") { "[${quoted(it.token)},${quoted(it.tag)},${it.isKept}]" }
    return "{\"text\":${quoted(prepared.text)},\"reason\":${prepared.reason?.let(::quoted)},\"tokens\":[$tokens]," +
        "\"ids\":${ids?.joinToString(",", "[", "]")}}"
}

private fun quoted(text: String): String = text.map {
    if (it in ' '..'~' && it != '"' && it != '\\') "$it" else "\\u%04x".format(it.code)
}.joinToString("", "\"", "\"")
