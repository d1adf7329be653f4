package emotion.preparation

/** Makes ids of tokens: their places in the vocabulary, cut at `maxLen` and filled up at the right. */
internal class Encoder(settings: Settings, vocabulary: String) {
    val maxLen = settings.int("max_len")
    private val unknownId = settings.int("unknown_id")
    private val paddingId = settings.int("padding_id")
    private val idOf = HashMap<String, Int>()

    init {
        require(settings.string("kind") == "vocabulary") { "these sources make ids of a vocabulary only" }
        vocabulary.split('\n').forEachIndexed { id, token -> idOf[token] = id }
    }

    fun encode(tokens: List<String>): IntArray {
        val ids = IntArray(maxLen) { paddingId }
        // What is spelled as the name of the padding is not known either.
        tokens.take(maxLen).forEachIndexed { place, token -> ids[place] = maxOf(idOf[token] ?: unknownId, unknownId) }
        return ids
    }
}
