package emotion.preparation.okt

/** A word of a run of Hangul: where it begins, its syllables, its part of speech, and its row in the dictionary, or a negative one. */
internal class Word(val start: Int, var length: Int, val pos: Int, val row: Int)

/**
 * The dynamic programme by which Okt parses a run of Hangul, as `etl/tagging/okt/parse.py` has it.
 *
 * open-korean-text 2.1 (Apache-2.0) keeps, for every position of a run, the five best parses of what lies before it,
 * and scores each parse as a whole. Here a parse is a row of sums to which a further word adds. The arithmetic is in
 * 32-bit floats and in the order of the original, because the last bit decides between parses that are as good.
 */
internal class Parser(private val words: Words, private val rules: Rules) {
    private val pieces = Pieces(words, rules)
    private var facts = IntArray(0)
    private var floats = FloatArray(0)
    private val next = IntArray(N_FACTS)

    /** The words of a run of syllables, one after another without a gap. */
    fun parse(run: String): List<Word> {
        pieces.find(run)
        val row = if (run.length > LONGEST_WORD) words.row(run) else pieces.row(0, run.length)
        val mask = if (row >= 0) words.masks[row] and PARTS_OF_SPEECH else 0
        // A run that is a word is that word; of several parts of speech the first counts.
        if (mask != 0) return listOf(Word(0, run.length, Integer.numberOfTrailingZeros(mask), row))
        makeRoom(run.length)
        for (to in 1..run.length) fill(run, to)
        return joined(walkBack(run.length))
    }

    private fun makeRoom(length: Int) {
        if (facts.size < (length + 1) * FACTS_OF_POSITION) {
            facts = IntArray((length + 1) * FACTS_OF_POSITION)
            floats = FloatArray((length + 1) * FLOATS_OF_POSITION)
        }
        facts[WORDS] = 1
        facts[NODE] = -1
        facts[POS] = -1
        facts[COUNT] = 1
    }

    /** Finds the best parses up to a position, from those of the positions before it. */
    private fun fill(run: String, to: Int) {
        facts[to * FACTS_OF_POSITION + COUNT] = 0
        for (start in to - 1 downTo maxOf(to - LONGEST_WORD, 0)) {
            pieces.choose(run, start, to)
            extend()
        }
    }

    /** Extends all parses up to the chosen piece by the piece, as every part of speech that it may be there. */
    private fun extend() {
        val choicesOf = if (pieces.mask and NOUN_BIT.inv() != 0) rules.following else rules.nounsFollowing
        val place = pieces.start * FACTS_OF_POSITION
        for (rank in 0 until facts[place + COUNT]) {
            val slot = facts[place + ORDER + rank]
            val node = facts[place + slot * N_FACTS + NODE]
            // Where a word may end another may begin, which counts as one more word.
            for (newWord in 0..if (node >= 0 && rules.mayEnd[node]) 1 else 0) {
                val state = if (newWord == 1 || node < 0) choicesOf.size - 1 else node
                for (choice in choicesOf[state]) add(slot, newWord, choice)
            }
        }
    }

    /** Adds the piece to a parse as one more word, if it may be that, and keeps it if it is among the best five. */
    private fun add(slot: Int, newWord: Int, node: Int) {
        val pos = rules.posOfNode[node]
        if (pos != NOUN && (pieces.mask shr pos) and 1 == 0) return
        val row = if (pos == NOUN) pieces.noun else pieces.row
        System.arraycopy(facts, pieces.start * FACTS_OF_POSITION + slot * N_FACTS, next, 0, N_FACTS)
        count(pos, row, newWord)
        next[NODE] = node
        next[BEFORE] = pieces.start
        next[BEFORE_SLOT] = slot
        val share = if (pos == NOUN) pieces.nounShare else 1f
        val frequency = floats[pieces.start * FLOATS_OF_POSITION + slot * N_FLOATS + FREQUENCY] + share
        val score = score(frequency)
        val free = findSlot(pieces.to, score, next[TIE])
        if (free < 0) return
        System.arraycopy(next, 0, facts, pieces.to * FACTS_OF_POSITION + free * N_FACTS, N_FACTS)
        val newFloats = pieces.to * FLOATS_OF_POSITION + free * N_FLOATS
        floats[newFloats + FREQUENCY] = frequency
        floats[newFloats + SCORE] = score
    }

    /** Adds a word to the sums of `next`. */
    private fun count(pos: Int, row: Int, newWord: Int) {
        next[TOKENS]++
        if (row == UNKNOWN_NOUN) {
            next[UNKNOWNS]++
            next[UNKNOWN_LENGTH] += pieces.to - pieces.start
        }
        next[WORDS] += newWord
        if (pos == DETERMINER) next[DETERMINERS]++
        if (pos == EXCLAMATION) next[EXCLAMATIONS]++
        if (pos != NOUN) next[HAS_OTHERS] = 1
        if (pos == JOSA && pieces.isMismatched && next[POS] == NOUN) next[MISMATCH] = 1
        if (next[TOKENS] == 1) next[FIRST] = pos
        if (next[TOKENS] == 2) next[SECOND] = if (pos == VERB && pieces.isHa) pos + HA_VERB else pos
        next[TIE] += pos
        next[POS] = pos
        next[ROW] = row
    }

    /** What `next` costs; less is better. */
    private fun score(frequency: Float): Float {
        val weights = rules.weights
        val tokens = next[TOKENS]
        val first = next[FIRST]
        val isPreferred = tokens == 2 && first == NOUN && next[SECOND] == JOSA
        val isSuffixFirst = first == SUFFIX || first == EOMI || first == JOSA || first == PRE_EOMI
        val isNounHa = tokens >= 2 && (first == NOUN || first == VERB_PREFIX) && next[SECOND] >= HA_VERB
        var score = tokens.toFloat() * weights[0] + next[UNKNOWNS].toFloat() * weights[1] + next[WORDS].toFloat() * weights[2]
        score = score + next[UNKNOWN_LENGTH].toFloat() * weights[4] + (frequency / tokens.toFloat()) * weights[3]
        score = score + oneIf(tokens != 1) * weights[5] + next[HAS_OTHERS].toFloat() * weights[6]
        score = score + oneIf(!isPreferred) * weights[12]
        score = score + next[DETERMINERS].toFloat() * weights[8] + next[EXCLAMATIONS].toFloat() * weights[9]
        score = score + oneIf(isSuffixFirst) * weights[10] + oneIf(!isNounHa) * weights[11]
        return score + next[MISMATCH].toFloat() * weights[14]
    }

    private fun oneIf(holds: Boolean) = if (holds) 1f else 0f

    /** The slot for a parse, or -1 if five are better: after all that are as good, as a stable sort would. */
    private fun findSlot(to: Int, score: Float, tie: Int): Int {
        val place = to * FACTS_OF_POSITION
        val scores = to * FLOATS_OF_POSITION + SCORE
        val order = place + ORDER
        var count = facts[place + COUNT]
        var rank = count
        while (rank > 0) {
            val other = facts[order + rank - 1]
            val otherScore = floats[scores + other * N_FLOATS]
            if (score > otherScore || (score == otherScore && tie >= facts[place + other * N_FACTS + TIE])) break
            rank--
        }
        if (rank >= BEAM) return -1
        var free = count
        if (count == BEAM) {
            free = facts[order + BEAM - 1]
            count--
        }
        for (moved in count downTo rank + 1) facts[order + moved] = facts[order + moved - 1]
        facts[order + rank] = free
        facts[place + COUNT] = count + 1
        return free
    }

    /** The words of the best parse, last first. */
    private fun walkBack(length: Int): List<Word> {
        val path = ArrayList<Word>()
        var at = length
        var slot = facts[length * FACTS_OF_POSITION + ORDER]
        while (at > 0) {
            val word = at * FACTS_OF_POSITION + slot * N_FACTS
            val before = facts[word + BEFORE]
            path.add(Word(before, at - before, facts[word + POS], facts[word + ROW]))
            slot = facts[word + BEFORE_SLOT]
            at = before
        }
        return path
    }

    /** Joins nouns of one syllable to one noun, and endings to the verb or adjective before them. */
    private fun joined(path: List<Word>): List<Word> {
        val found = ArrayList<Word>(path.size)
        var isJoining = false
        for (word in path.asReversed()) {
            val isShortNoun = word.pos == NOUN && word.length == 1
            val last = found.lastOrNull()
            val isEnding = (word.pos == EOMI || word.pos == PRE_EOMI) && (last?.pos == VERB || last?.pos == ADJECTIVE)
            if (last != null && ((isShortNoun && isJoining) || isEnding)) last.length += word.length else found.add(word)
            isJoining = isShortNoun
        }
        return found
    }

    private companion object {
        const val BEAM = 5
        const val N_FACTS = 16 // of a parse
        const val N_FLOATS = 2
        const val FACTS_OF_POSITION = (BEAM + 1) * N_FACTS // the last slot says in which order the others come
        const val FLOATS_OF_POSITION = BEAM * N_FLOATS
        const val ORDER = BEAM * N_FACTS
        const val COUNT = ORDER + BEAM
        const val HA_VERB = 100 // added to SECOND where the second word is a verb that a noun likes to be followed by

        // What is known of a parse, in `facts` and in `floats`.
        const val TIE = 0
        const val TOKENS = 1
        const val UNKNOWNS = 2
        const val UNKNOWN_LENGTH = 3
        const val WORDS = 4
        const val DETERMINERS = 5
        const val EXCLAMATIONS = 6
        const val HAS_OTHERS = 7
        const val MISMATCH = 8
        const val FIRST = 9
        const val SECOND = 10
        const val NODE = 11
        const val BEFORE = 12
        const val BEFORE_SLOT = 13
        const val POS = 14
        const val ROW = 15
        const val FREQUENCY = 0
        const val SCORE = 1
    }
}
