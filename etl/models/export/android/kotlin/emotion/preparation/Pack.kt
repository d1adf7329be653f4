package emotion.preparation

import java.io.InputStream
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.util.zip.GZIPInputStream

/**
 * What `etl export --format android` writes as `preparation.bin`: settings, and tables by name.
 *
 * It is a safetensors file, gzipped: eight bytes that say how long the header is, the header in JSON with type and
 * place of each table, and the tables one after another. The table `config` is the settings, in JSON.
 */
internal class Pack private constructor(private val content: ByteBuffer, private val places: Settings, private val start: Int) {
    val settings: Settings

    init {
        settings = settingsOf(text(CONFIG))
    }

    fun has(name: String): Boolean = places.has(name)

    /** A table of UTF-8. */
    fun text(name: String): String = String(bytes(name), Charsets.UTF_8)

    fun bytes(name: String): ByteArray = view(name, "U8", "I8").let { view -> ByteArray(view.remaining()).also { view.get(it) } }

    /** A table of 16 bits, unsigned. */
    fun chars(name: String): CharArray =
        view(name, "U16").asCharBuffer().let { view -> CharArray(view.remaining()).also { view.get(it) } }

    fun ints(name: String): IntArray =
        view(name, "I32", "U32").asIntBuffer().let { view -> IntArray(view.remaining()).also { view.get(it) } }

    fun floats(name: String): FloatArray =
        view(name, "F32").asFloatBuffer().let { view -> FloatArray(view.remaining()).also { view.get(it) } }

    private fun view(name: String, vararg types: String): ByteBuffer {
        val place = places.settings(name)
        require(place.string("dtype") in types) { "$name is of ${place.string("dtype")}" }
        val (begin, end) = place.list("data_offsets").map { start + (it as Double).toInt() }
        val view = content.duplicate().order(ByteOrder.LITTLE_ENDIAN)
        // Not of ByteBuffer but of Buffer, which older Androids have.
        (view as java.nio.Buffer).limit(end).position(begin)
        return view
    }

    companion object {
        private const val CONFIG = "config"
        private const val FORMAT = 1

        /** Reads a pack and closes the stream. */
        fun read(stream: InputStream): Pack {
            val content = ByteBuffer.wrap(GZIPInputStream(stream).use { it.readBytes() }).order(ByteOrder.LITTLE_ENDIAN)
            val start = 8 + content.getLong(0).toInt()
            val header = String(content.array(), 8, start - 8, Charsets.UTF_8)
            val pack = Pack(content, settingsOf(header), start)
            require(pack.settings.int("format") == FORMAT) { "the pack is of another version of these sources" }
            return pack
        }

        @Suppress("UNCHECKED_CAST")
        private fun settingsOf(text: String) = Settings(Json.read(text) as Map<String, Any?>)
    }
}
