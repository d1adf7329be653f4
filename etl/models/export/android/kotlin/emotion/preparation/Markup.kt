package emotion.preparation

import java.text.Normalizer
import java.util.regex.Matcher
import java.util.regex.Pattern

/** Takes HTML out of a sentence, as `etl/text/markup.py` does: tags and entities that can be nothing else. */
internal class Markup(settings: Settings) {
    private val markup = Pattern.compile(settings.string("markup"))
    private val breaks = Pattern.compile(settings.string("breaks"))
    private val plain = Pattern.compile(settings.string("plain"))
    private val tags = Pattern.compile(settings.string("tags"))
    private val hasAttribute = Pattern.compile(settings.string("has_attribute"))
    private val escapedAmpersand = Pattern.compile(settings.string("escaped_ampersand"))
    private val entities = Entities(settings.settings("entities"))

    fun remove(text: String): String {
        if ('<' !in text && '&' !in text) return text
        var cleaned = text
        repeat(MAX_PASSES) {
            val before = cleaned
            cleaned = removeOnce(before)
            if (cleaned == before) return cleaned
            cleaned = Normalizer.normalize(cleaned, Normalizer.Form.NFC)
        }
        return text
    }

    private fun removeOnce(text: String): String {
        val ended = HashSet<String>()
        val matcher = markup.matcher(text)
        while (matcher.find()) {
            val tag = matcher.group("tag")
            if (tag != null && !matcher.group("end").isNullOrEmpty()) ended.add(lower(tag))
        }
        return markup.replaceEach(text) { replacement(it, ended) }
    }

    /** What stands in the place of markup; itself where it is none. */
    private fun replacement(match: Matcher, ended: Set<String>): String {
        match.group("entity")?.let { return character(it) ?: match.group() }
        val tag = lower(match.group("tag") ?: return "")
        val isEnded = !match.group("end").isNullOrEmpty() || tag in ended
        val isMarkup = plain.matcher(tag).matches() || isEnded || hasAttribute(match)
        if (!isMarkup || !tags.matcher(tag).matches()) return match.group()
        return if (breaks.matcher(tag).matches()) "\n" else ""
    }

    private fun hasAttribute(match: Matcher) = hasAttribute.matcher(match.group("attributes") ?: "").lookingAt()

    private fun character(entity: String): String? = entities.character(escapedAmpersand.replaceEach(entity) { "" })

    private fun lower(tag: String) = tag.lowercase()

    private companion object {
        const val MAX_PASSES = 8
    }
}
