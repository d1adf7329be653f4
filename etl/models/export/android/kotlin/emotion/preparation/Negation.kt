package emotion.preparation

import java.util.regex.Pattern

/** Finds the sentences in which the tagger has swallowed a negation, as `etl/tagging/negation.py` does. */
internal class Negation(settings: Settings, private val policy: Policy) {
    private class Kind(settings: Settings) {
        val signs: Pattern = Pattern.compile(settings.string("signs"))
        val written = listOf("alone", "glued").mapNotNull(settings::stringOrNull).map(Pattern::compile)
        val shown: Pattern = Pattern.compile(settings.string("shown"))

        fun count(text: String): Int = if (signs.isIn(text)) written.sumOf { it.matchesIn(text) } else 0
    }

    private val signs = Pattern.compile(settings.string("signs"))
    private val className = settings.string("class_name")
    private val kinds = settings.each("kinds").map(::Kind)

    /** Whether a text spells a negation more often than its tokens show it. */
    fun isSwallowed(text: String, tokens: List<Tagged>): Boolean = signs.isIn(text) && kinds.any { kind ->
        val written = kind.count(text)
        written > 0 && tokens.count { kind.shown.isIn(it.token) && policy.coarseClass(it) == className } < written
    }
}
