package emotion.preparation

import java.util.regex.Pattern

/** Which tokens are kept, in coarse classes of their tags, as `etl/tagging/policy.py` has it. */
internal class Policy(settings: Settings) {
    private class Form(val coarse: String, val pattern: Pattern, val of: Set<String>)

    private val keepsAll = settings.flag("keeps_all")
    private val keep = settings.strings("keep").toSet()
    private val companions = settings.strings("companions").toSet()
    private val stopWords = settings.strings("stop_words").toSet()
    private val classes = settings.settings("classes").toMap()
    private val unmapped = settings.string("unmapped")
    private val forms = settings.each("forms").map {
        Form(it.string("class_name"), Pattern.compile(it.string("pattern")), it.strings("of").toSet())
    }

    /** The class of a token with this tag: that of the first form that it has, else of its tag. */
    fun coarseClass(tagged: Tagged): String {
        val byTag = classes[tagged.tag.substringBefore('+')] ?: unmapped
        return forms.firstOrNull { (it.of.isEmpty() || byTag in it.of) && it.pattern.isIn(tagged.token) }?.coarse ?: byTag
    }

    /** Which of the tokens of a sentence are kept. Companions are kept only beside others. */
    fun isKept(tokens: List<Tagged>): List<Boolean> {
        if (keepsAll) return tokens.map { true }
        val coarse = tokens.map(::coarseClass)
        val isKept = tokens.indices.map { coarse[it] in keep && tokens[it].token !in stopWords }
        return if (tokens.indices.any { isKept[it] && coarse[it] !in companions }) isKept else tokens.map { false }
    }
}
