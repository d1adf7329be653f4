package emotion.preparation

import java.util.regex.Pattern

/**
 * A tagger around which emoticons are handed, and a negation that it swallows, as `etl/tagging/tagger.py` does: a
 * sentence whose tokens do not show a negation that it spells is tagged again.
 */
internal class AroundTagger(settings: Settings, policy: Policy, private val tagger: Tagger) : Tagger {
    private val around = aroundOf(settings.settings("around"))
    private val aroundNegation = aroundOf(settings.settings("negation").settings("around"))
    private val negation = Negation(settings.settings("negation"), policy)

    override fun tag(text: String): List<Tagged>? {
        val tagged = around.tag(text, tagger) ?: return null
        return if (negation.isSwallowed(text, tagged)) aroundNegation.tag(text, tagger) else tagged
    }

    private fun aroundOf(settings: Settings) = Around(
        Pattern.compile(settings.string("pattern")),
        settings.each("parts").map { Part(it.string("group"), it.string("tag"), it.stringOrNull("token"), it.flag("is_glued")) },
        settings.stringOrNull("signs")?.let(Pattern::compile),
    )
}
