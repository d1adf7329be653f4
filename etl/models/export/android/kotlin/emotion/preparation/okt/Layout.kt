package emotion.preparation.okt

// The parts of speech by the numbers of the original's KoreanPos.
internal const val NOUN = 0
internal const val VERB = 1
internal const val ADJECTIVE = 2
internal const val ADVERB = 3
internal const val DETERMINER = 4
internal const val EXCLAMATION = 5
internal const val JOSA = 6
internal const val EOMI = 7
internal const val PRE_EOMI = 8
internal const val CONJUNCTION = 9
internal const val VERB_PREFIX = 11
internal const val SUFFIX = 12

internal const val NOUN_BIT = 1 shl NOUN

// Bits of a word's mask: the thirteen parts of speech, and kinds of names above them.
internal const val PARTS_OF_SPEECH = (1 shl 13) - 1
internal const val FAMILY_NAME = 1 shl 13
internal const val GIVEN_NAME = 1 shl 14
internal const val FULL_NAME = 1 shl 15

// In the place of a row of the dictionary.
internal const val KNOWN_NOUN = -1
internal const val UNKNOWN_NOUN = -2

internal const val LONGEST_WORD = 8 // longer words only count for a run as a whole

// Hangul syllables in Unicode: initial by initial, in each vowel by vowel, in each final by final, none first.
internal const val FIRST_SYLLABLE = 0xAC00
internal const val LAST_SYLLABLE = 0xD7A3
internal const val PER_ONSET = 588
internal const val PER_VOWEL = 28

// Of each initial consonant the number of the same final one, 0 for the three that cannot be final.
internal val CODA_OF_ONSET = intArrayOf(1, 2, 4, 7, 0, 8, 16, 17, 0, 19, 20, 21, 22, 0, 23, 24, 25, 26, 27)

internal fun isSyllable(character: Char): Boolean = character.code in FIRST_SYLLABLE..LAST_SYLLABLE

internal fun onsetOf(syllable: Char): Int = (syllable.code - FIRST_SYLLABLE) / PER_ONSET

internal fun vowelOf(syllable: Char): Int = (syllable.code - FIRST_SYLLABLE) % PER_ONSET / PER_VOWEL

internal fun codaOf(syllable: Char): Int = (syllable.code - FIRST_SYLLABLE) % PER_VOWEL
