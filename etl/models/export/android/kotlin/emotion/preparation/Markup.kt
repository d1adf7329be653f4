package emotion.preparation

import java.text.Normalizer
import java.util.regex.Matcher
import java.util.regex.Pattern

/** Takes HTML out of a sentence, as `etl/text/markup.py` does: tags and entities that can be nothing else. */
internal class Markup(settings: Settings) {
    private val mayHold = Pattern.compile(settings.string("may_hold"))
    private val markup = Pattern.compile(settings.string("markup"))
    private val breaks = Pattern.compile(settings.string("breaks"))
    private val plain = Pattern.compile(settings.string("plain"))
    private val tags = Pattern.compile(settings.string("tags"))
    private val hasAttribute = Pattern.compile(settings.string("has_attribute"))
    private val escaped = Pattern.compile(settings.string("escaped"))
    private val entities = Entities(settings.settings("entities"), settings.settings("references"))
    private val maxPasses = settings.int("max_passes")

    fun remove(text: String): String {
        if (!mayHold.isIn(text)) return text
        var cleaned = text
        repeat(maxPasses) {
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
            if (tag != null && !matcher.group("end").isNullOrEmpty()) ended.add(tag.lowercase())
        }
        return markup.replaceEach(text) { replacement(it, ended) }
    }

    /** What stands in the place of markup; itself where it is none. */
    private fun replacement(match: Matcher, ended: Set<String>): String {
        match.group("entity")?.let { return character(it) ?: match.group() }
        val tag = (match.group("tag") ?: return "").lowercase()
        val isEnded = !match.group("end").isNullOrEmpty() || tag in ended
        val isMarkup = plain.matcher(tag).matches() || isEnded || hasAttribute(match)
        if (!isMarkup || !tags.matcher(tag).matches()) return match.group()
        return if (breaks.matcher(tag).matches()) "\n" else ""
    }

    private fun hasAttribute(match: Matcher) = hasAttribute.matcher(match.group("attributes") ?: "").lookingAt()

    /** The character of an entity, which may have been escaped again and again. */
    private fun character(entity: String): String? {
        val matcher = escaped.matcher(entity)
        return entities.character(if (matcher.lookingAt()) entity.substring(matcher.end()) else entity)
    }
}
