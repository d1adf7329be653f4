package emotion.preparation.okt

import emotion.preparation.Settings

/**
 * What Okt's code says beside its dictionaries.
 *
 * `following[node]` are the nodes that may follow a node, those of the beginning last; `nounsFollowing` the nouns among
 * them.
 */
internal class Rules(settings: Settings) {
    val weights: FloatArray = settings.floats("weights")
    val posOfNode: IntArray
    val mayEnd: BooleanArray
    val following: Array<IntArray>
    val nounsFollowing: Array<IntArray>
    val josa: String = settings.string("josa_syllables")
    val ha: String = settings.string("ha_syllables")
    val numberSyllables: String = settings.string("number_syllables")
    val numberEndings: String = settings.string("number_endings")
    val nameEnding: String = settings.string("name_ending")

    init {
        val trie = settings.settings("trie")
        val nodes = trie.list("nodes").map { it as List<*> }
        posOfNode = nodes.map { number(it[0]) }.toIntArray()
        mayEnd = nodes.map { it[2] as Boolean }.toBooleanArray()
        val roots = numbers(trie.list("roots"))
        following = (nodes.map { numbers(it[1] as List<*>) } + listOf(roots)).toTypedArray()
        nounsFollowing = following.map { each -> each.filter { posOfNode[it] == NOUN }.toIntArray() }.toTypedArray()
    }

    private fun number(value: Any?) = (value as Double).toInt()

    private fun numbers(values: List<*>) = values.map(::number).toIntArray()
}
