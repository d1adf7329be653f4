package emotion.preparation.okt

import emotion.preparation.Settings
import emotion.preparation.replaceEach
import java.util.regex.Matcher
import java.util.regex.Pattern

/**
 * Okt's normaliser for colloquial Korean, eojeol by eojeol, as `etl/tagging/okt/normalise.py` has it.
 *
 * Emotion that is attached to a syllable is detached, repeats are cut, a swallowed copula is put back, typos are
 * corrected, in this order.
 */
internal class Normaliser(settings: Settings, typos: List<Pair<String, String>>, private val words: Words, private val parser: Parser) {
    private val run = Pattern.compile(settings.string("run"))
    private val emotion = Pattern.compile(settings.string("emotion"))
    private val repeated = Pattern.compile(settings.string("repeated"))
    private val repeatedPair = Pattern.compile(settings.string("repeated_pair"))
    private val exceptions = settings.string("coda_n_exceptions")
    private val endings = settings.string("coda_n_endings")
    private val inserted = settings.string("coda_n_inserted")
    private val codaN = settings.int("coda_n")
    private val codasOfLaughter = settings.ints("codas_of_laughter")

    // The lengths are in the order in which they are corrected.
    private val typosByLength: Map<Int, Map<String, String>> = typos.groupBy { it.first.length }.mapValues { it.value.toMap() }

    fun normalise(eojeol: String): String = run.replaceEach(eojeol) { normaliseRun(it.group()) }

    private fun normaliseRun(run: String): String {
        var text = emotion.replaceEach(run, ::detach)
        text = repeated.replaceEach(text) { it.group().take(3) }
        text = repeatedPair.replaceEach(text) { it.group().take(4) }
        return correct(withCopula(text))
    }

    private fun detach(match: Matcher): String {
        val (word, emotion) = match.group(1)!! to match.group(2)!!
        if (words.isA(NOUN, word) || words.isA(EOMI, word.takeLast(1)) || words.isA(EOMI, word.takeLast(2))) return match.group()
        val last = word.last()
        if (codaOf(last) in codasOfLaughter) return word.dropLast(1) + (last - codaOf(last)) + emotion
        // The last consonant belongs to the syllable before, the vowel to the tears.
        val isOpen = word.length > 1 && codaOf(word[word.length - 2]) == 0
        val coda = CODA_OF_ONSET[onsetOf(last)]
        if (codaOf(last) == 0 && isOpen && FIRST_VOWEL + vowelOf(last) == emotion[0].code && coda != 0) {
            return word.dropLast(2) + (word[word.length - 2] + coda) + emotion
        }
        return match.group()
    }

    private fun withCopula(text: String): String {
        if (text.length < 2 || text.last() !in endings) return text
        val before = text[text.length - 2]
        if (!isSyllable(before) || codaOf(before) != codaN || before in exceptions) return text
        if (words.isA(NOUN, text) || words.isA(CONJUNCTION, text) || words.isA(ADVERB, text)) return text
        if (words.isA(NOUN, text.takeLast(2))) return text
        val head = text.dropLast(2) + (before - codaN)
        if (!words.isA(NOUN, head) || beginsWithPredicate(text)) return text
        return head + inserted + text.last()
    }

    private fun beginsWithPredicate(text: String): Boolean {
        val hangul = text.takeWhile(::isSyllable)
        return hangul.isNotEmpty() && parser.parse(hangul)[0].pos.let { it == VERB || it == ADJECTIVE }
    }

    private fun correct(text: String): String {
        var corrected = text
        for ((length, typos) in typosByLength) {
            val before = corrected
            for (at in 0..before.length - length) {
                val piece = before.substring(at, at + length)
                typos[piece]?.let { corrected = corrected.replace(piece, it) }
            }
        }
        return corrected
    }

    private companion object {
        const val FIRST_VOWEL = 0x314F
    }
}
