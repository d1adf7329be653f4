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
        posOfNode = trie.ints("parts")
        mayEnd = trie.list("may_end").map { it as Boolean }.toBooleanArray()
        val states = trie.list("following") + listOf(trie.list("roots"))
        following = states.map { nodes -> (nodes as List<*>).map { (it as Double).toInt() }.toIntArray() }.toTypedArray()
        nounsFollowing = following.map { each -> each.filter { posOfNode[it] == NOUN }.toIntArray() }.toTypedArray()
    }
}
