import emotion.preparation.Pack
import emotion.preparation.Preparation
import emotion.preparation.okt.Okt
import kr.lucypark.okt.OktInterface
import java.io.File
import java.util.zip.CRC32

/**
 * Tags the lines of a file one by one: `library TEXTS`, `okt TEXTS PACK` or `preparation TEXTS PACK`.
 *
 * Prints seconds until the first text is tagged, seconds for the second half of the texts, bytes of the heap that are
 * in use in the end, and a digest of all tokens.
 */
fun main(arguments: Array<String>) {
    val texts = File(arguments[1]).readLines()
    val start = System.nanoTime()
    val tag = taggerOf(arguments)
    tag(texts[0])
    val opened = System.nanoTime()
    val digest = CRC32()
    val half = texts.size / 2
    texts.take(half).forEach { digest.update(tag(it).toByteArray()) }
    val begin = System.nanoTime()
    texts.drop(half).forEach { digest.update(tag(it).toByteArray()) }
    val end = System.nanoTime()
    System.gc()
    val used = Runtime.getRuntime().let { it.totalMemory() - it.freeMemory() }
    println("[${(opened - start) / 1e9}, ${(end - begin) / 1e9}, $used, ${digest.value}]")
    tag(texts[0]) // so that nothing of it was collected
}

private fun taggerOf(arguments: Array<String>): (String) -> String = when (arguments[0]) {
    "library" -> OktInterface().let { okt -> { okt.tokenize(it, true, true).joinToString("\n") } }
    "okt" -> File(arguments[2]).inputStream().let(Pack::read).let { Okt(it.settings.settings("okt"), it) }.let { okt ->
        { text -> okt.tag(text)!!.joinToString("\n") { "${it.token}/${it.tag}" } }
    }
    else -> Preparation.open(File(arguments[2]).inputStream()).let { preparation ->
        { text -> preparation.prepare(text).tokens.joinToString("\n") { "${it.token}/${it.tag}" } }
    }
}
