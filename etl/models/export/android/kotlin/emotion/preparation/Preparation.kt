package emotion.preparation

import emotion.preparation.okt.Okt
import java.io.InputStream

/** A token with its part of speech; `isKept`: the model reads it. */
data class Token(val token: String, val tag: String, val isKept: Boolean)

/** A cleaned sentence and all its tokens; `reason` says why a model cannot read it, null where it can. */
class Prepared(val text: String, val reason: String?, val tokens: List<Token>)

/**
 * Makes the ids of a sentence that the model reads: cleans it, tags it, takes its key tokens, looks them up.
 *
 * What comes out is what the tool in Python makes of the sentence; `vectors.jsonl` shows it.
 */
class Preparation private constructor(pack: Pack) {
    private val settings = pack.settings
    private val cleaner = Cleaner(settings.settings("clean"))
    private val encoder = Encoder(settings.settings("encoder"), pack.text("vocabulary"))
    private val policy = Policy(settings.settings("policy"))
    private val tagger = taggerOf(settings.settings("tagger"), pack)

    /** The labels of the model, in the order of its probabilities. */
    val labels: List<String> = settings.strings("labels")

    /** From which probability on a sentence has each label; null where it has the most probable one. */
    val thresholds: FloatArray? = if (settings.has("thresholds")) settings.floats("thresholds") else null

    /** How many ids a model reads. */
    val maxLen: Int get() = encoder.maxLen

    /** Cleans a sentence and cuts it into tokens. */
    @Synchronized
    fun prepare(text: String): Prepared {
        val cleaned = cleaner.clean(withoutHalves(text))
        if (cleaned.reason != null) return Prepared(cleaned.text, cleaned.reason, emptyList())
        val tagged = tagger.tag(cleaned.text) ?: return Prepared(cleaned.text, settings.string("left"), emptyList())
        val isKept = policy.isKept(tagged)
        val tokens = tagged.mapIndexed { place, each -> Token(each.token, each.tag, isKept[place]) }
        return Prepared(cleaned.text, if (isKept.any { it }) null else NO_KEY_TOKENS, tokens)
    }

    /** The ids of a sentence, `maxLen` of them; null where the model cannot read it. */
    fun ids(text: String): IntArray? = ids(prepare(text))

    /** The ids of a prepared sentence. */
    fun ids(prepared: Prepared): IntArray? =
        if (prepared.reason != null) null else encoder.encode(prepared.tokens.filter { it.isKept }.map { it.token })

    private fun taggerOf(chosen: Settings, pack: Pack): Tagger {
        if (chosen.string("name") == "whitespace") return Tagger { text -> text.split(' ').map { Tagged(it, "Word") } }
        val okt = Okt(settings.settings("okt"), pack)
        return AroundTagger(settings, policy, okt)
    }

    companion object {
        private const val NO_KEY_TOKENS = "no_key_tokens"

        /** Reads `preparation.bin` and closes the stream. */
        fun open(stream: InputStream): Preparation = Preparation(Pack.read(stream))
    }
}

/** Half of a surrogate pair, which is no text, becomes a question mark. */
private fun withoutHalves(text: String): String {
    if (text.none(Char::isSurrogate)) return text
    val whole = StringBuilder(text.length)
    var at = 0
    while (at < text.length) {
        val codePoint = text.codePointAt(at)
        val isHalf = codePoint in Char.MIN_SURROGATE.code..Char.MAX_SURROGATE.code
        whole.appendCodePoint(if (isHalf) '?'.code else codePoint)
        at += Character.charCount(codePoint)
    }
    return whole.toString()
}
