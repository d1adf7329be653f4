package emotion.preparation

/** A set of characters: the first and the last code point of each range. */
internal class Ranges(ranges: List<*>) {
    private val edges = ranges.flatMap { it as List<*> }.map { (it as Double).toInt() }.toIntArray()

    operator fun contains(codePoint: Int): Boolean {
        for (at in edges.indices step 2) if (codePoint >= edges[at] && codePoint <= edges[at + 1]) return true
        return false
    }
}
