// The dynamic programme by which Okt parses a run of Hangul, as etl/tagging/okt/parse.py has it.
//
// For every position of a run the best parses of what lies before it are kept, and each is scored as a whole. The
// arithmetic is in 32-bit floats and in the order of the original, because the last bit decides between parses that
// are as good: hence Math.fround around every operation.

import { firstSyllable, perVowel } from "./hangul.js";
import { OktNouns } from "./okt_nouns.js";

const knownNoun = -1; // in the place of a row
const unknownNoun = -2;
const haVerb = 100; // added to the second part of speech where that is a verb that a noun likes to be followed by
const codaL = 8;
const fround = Math.fround;

export class OktParser {
  /**
   * @param {any} config `okt` of the pack
   * @param {import("./okt_words.js").OktWords} words
   */
  constructor(config, words) {
    this.words = words;
    this.longest = words.longest;
    this.beam = config.beam;
    this.nouns = new OktNouns(config, words);
    this.weights = Float32Array.from(config.weights);
    this.josa = codesOf(config.josa_syllables);
    this.ha = codesOf(config.ha_syllables);
    this.pos = Object.fromEntries(config.parts.map((name, number) => [name, number]));
    this.allParts = (1 << config.parts.length) - 1;
    this.#openTrie(config.trie);
    this.#makeRoom(32);
  }

  /**
   * Parses a run of Hangul.
   *
   * @param {string} run
   * @returns {{ start: number, length: number, pos: number, row: number }[]} the tokens; `row` is that of the word, or
   *   of the head that it is built on, negative for a noun that no dictionary has
   */
  parse(run) {
    const { length } = run;
    if (length > this.nRoom) this.#makeRoom(2 * length);
    for (let at = 0; at < length; at += 1) this.codes[at] = run.charCodeAt(at);
    this.nouns.findWords(this.codes, length, this.rows);
    const row = length > this.longest ? (this.words.others.get(run) ?? -1) : this.rows[length - 1];
    const mask = row < 0 ? 0 : this.words.masks[row] & this.allParts;
    // A run that is a word is that word; of several parts of speech the first counts.
    if (mask !== 0) return [{ start: 0, length, pos: 31 - Math.clz32(mask & -mask), row }];
    for (let to = 1; to <= length; to += 1) this.#fill(to);
    return this.#joined(this.#walkBack(length));
  }

  /** Rows of nodes: which may follow, at most `nChoices` of them, -1 behind the last; the roots are the last row. */
  #openTrie({ parts, following, may_end: mayEnd, roots }) {
    this.nodeParts = Int32Array.from(parts);
    this.mayEnd = Uint8Array.from(mayEnd.map(Number));
    this.nNodes = parts.length;
    const rows = [...following, roots];
    this.nChoices = 1 + Math.max(...rows.map((row) => row.length));
    const filled = (row) => [...row, ...Array(this.nChoices - row.length).fill(-1)];
    this.following = Int32Array.from(rows.flatMap(filled));
    const nouns = rows.map((row) => row.filter((node) => parts[node] === this.pos.Noun));
    this.nounsFollowing = Int32Array.from(nouns.flatMap(filled));
  }

  /** Room for runs of so many syllables. Of each position there are `beam` parses. */
  #makeRoom(length) {
    this.nRoom = length;
    this.codes = new Uint16Array(length);
    this.rows = new Int32Array(length * this.longest);
    const nParses = (length + 1) * this.beam;
    const names = [
      ...["tie", "tokens", "unknowns", "unknownLength", "nWords", "determiners", "exclamations", "hasOthers"],
      ...["isMismatched", "first", "second", "node", "before", "part", "row", "order"],
    ];
    const integers = Object.fromEntries(names.map((name) => [name, new Int32Array(nParses)]));
    this.parses = { ...integers, frequency: new Float32Array(nParses), score: new Float32Array(nParses) };
    this.counts = new Int32Array(length + 1);
    // The parse of nothing.
    this.parses.nWords[0] = 1;
    this.parses.node[0] = -1;
    this.parses.part[0] = -1;
    this.counts[0] = 1;
  }

  /** Finds the best parses up to a position, from those of the positions before it. */
  #fill(to) {
    const { codes, rows, longest, josa, ha } = this;
    const { masks, shares } = this.words;
    this.counts[to] = 0;
    for (let start = to - 1; start >= Math.max(to - longest, 0); start -= 1) {
      const length = to - start;
      const row = rows[longest * start + length - 1];
      const mask = row < 0 ? 0 : masks[row] & this.allParts;
      const share = row < 0 ? 1 : shares[row];
      let noun = row;
      if ((mask & 1) === 0) noun = this.nouns.isKnown(codes, start, length, rows) ? knownNoun : unknownNoun;
      const first = codes[start];
      const isMismatched = start > 0 && isJosaMismatched(codes[start - 1], first, length, josa);
      this.#extend(start, to, mask, row, noun, share, isMismatched, first === ha[0] || first === ha[1]);
    }
  }

  /** Extends all parses up to `start` by a piece, as every part of speech that it may be there. */
  #extend(start, to, mask, row, noun, nounShare, isMismatched, isHa) {
    const { nodeParts, mayEnd, nNodes, nChoices } = this;
    const { order, node: nodes } = this.parses;
    const choices = (mask & ~1) !== 0 ? this.following : this.nounsFollowing;
    const first = start * this.beam;
    for (let rank = first; rank < first + this.counts[start]; rank += 1) {
      const old = first + order[rank];
      const node = nodes[old];
      // Where a word may end another may begin, which counts as one more word.
      const nStates = node >= 0 && mayEnd[node] !== 0 ? 2 : 1;
      for (let newWord = 0; newWord < nStates; newWord += 1) {
        const state = newWord === 1 || node < 0 ? nNodes : node;
        for (let at = state * nChoices; choices[at] >= 0; at += 1) {
          const choice = choices[at];
          const part = nodeParts[choice];
          if (part === 0) {
            this.#add(old, start, to, newWord, choice, part, noun, nounShare, false, false);
          } else if ((mask >> part) & 1) {
            this.#add(
              old, start, to, newWord, choice, part, row, 1,
              part === this.pos.Josa && isMismatched, part === this.pos.Verb && isHa,
            );
          }
        }
      }
    }
  }

  /** Scores a parse with one more word, and keeps it if it is among the best. */
  #add(old, start, to, newWord, node, part, row, share, isMismatched, isHa) {
    const { parses, pos } = this;
    const isUnknown = row === unknownNoun ? 1 : 0;
    const tokens = parses.tokens[old] + 1;
    const unknowns = parses.unknowns[old] + isUnknown;
    const unknownLength = parses.unknownLength[old] + (to - start) * isUnknown;
    const nWords = parses.nWords[old] + newWord;
    const determiners = parses.determiners[old] + (part === pos.Determiner ? 1 : 0);
    const exclamations = parses.exclamations[old] + (part === pos.Exclamation ? 1 : 0);
    const hasOthers = parses.hasOthers[old] !== 0 || part !== pos.Noun ? 1 : 0;
    const mismatched = parses.isMismatched[old] !== 0 || (isMismatched && parses.part[old] === pos.Noun) ? 1 : 0;
    const first = tokens === 1 ? part : parses.first[old];
    const second = tokens === 2 ? part + (isHa ? haVerb : 0) : parses.second[old];
    const frequency = fround(parses.frequency[old] + share);
    const score = this.#score(
      tokens, unknowns, nWords, unknownLength, frequency, hasOthers, determiners, exclamations, mismatched, first, second,
    );
    const tie = parses.tie[old] + part;
    const free = this.#freeParse(to, score, tie);
    if (free < 0) return;
    parses.frequency[free] = frequency;
    parses.score[free] = score;
    parses.tie[free] = tie;
    parses.tokens[free] = tokens;
    parses.unknowns[free] = unknowns;
    parses.unknownLength[free] = unknownLength;
    parses.nWords[free] = nWords;
    parses.determiners[free] = determiners;
    parses.exclamations[free] = exclamations;
    parses.hasOthers[free] = hasOthers;
    parses.isMismatched[free] = mismatched;
    parses.first[free] = first;
    parses.second[free] = second;
    parses.node[free] = node;
    parses.part[free] = part;
    parses.row[free] = row;
    parses.before[free] = old;
  }

  #score(
    tokens, unknowns, nWords, unknownLength, frequency, hasOthers, determiners, exclamations, mismatched, first, second,
  ) {
    const { weights, pos } = this;
    const isPreferred = tokens === 2 && first === pos.Noun && second === pos.Josa;
    const isNounHa = tokens >= 2 && (first === pos.Noun || first === pos.VerbPrefix) && second >= haVerb;
    const isSuffixFirst = first === pos.Suffix || first === pos.Eomi || first === pos.Josa || first === pos.PreEomi;
    let score = fround(fround(tokens * weights[0]) + fround(unknowns * weights[1]));
    score = fround(score + fround(nWords * weights[2]));
    score = fround(score + fround(unknownLength * weights[4]));
    score = fround(score + fround(fround(frequency / tokens) * weights[3]));
    if (tokens !== 1) score = fround(score + weights[5]);
    if (hasOthers !== 0) score = fround(score + weights[6]);
    if (!isPreferred) score = fround(score + weights[12]);
    score = fround(score + fround(determiners * weights[8]));
    score = fround(score + fround(exclamations * weights[9]));
    if (isSuffixFirst) score = fround(score + weights[10]);
    if (!isNounHa) score = fround(score + weights[11]);
    return mismatched !== 0 ? fround(score + weights[14]) : score;
  }

  /** Where to put a parse, or -1 if as many are better: behind all that are as good, as a stable sort would. */
  #freeParse(to, score, tie) {
    const { beam } = this;
    const { order, score: scores, tie: ties } = this.parses;
    const place = to * beam;
    let count = this.counts[to];
    let rank = count;
    while (rank > 0) {
      const other = place + order[place + rank - 1];
      if (score > scores[other] || (score === scores[other] && tie >= ties[other])) break;
      rank -= 1;
    }
    if (rank >= beam) return -1;
    let free = count;
    if (count === beam) {
      count -= 1;
      free = order[place + count];
    }
    for (let moved = count; moved > rank; moved -= 1) order[place + moved] = order[place + moved - 1];
    order[place + rank] = free;
    this.counts[to] = count + 1;
    return place + free;
  }

  /** The words of the best parse. */
  #walkBack(length) {
    const { before, part, row, order } = this.parses;
    const words = [];
    let end = length;
    let parse = length * this.beam + order[length * this.beam];
    while (end > 0) {
      const start = (before[parse] / this.beam) | 0;
      words.push({ start, length: end - start, pos: part[parse], row: row[parse] });
      end = start;
      parse = before[parse];
    }
    return words.reverse();
  }

  /** Joins nouns of one syllable to one noun, and endings to the verb or adjective before them. */
  #joined(words) {
    const { pos } = this;
    const tokens = [];
    let isJoining = false;
    for (const word of words) {
      const last = tokens.at(-1);
      const isShortNoun = word.pos === pos.Noun && word.length === 1;
      const isPredicate = last !== undefined && (last.pos === pos.Verb || last.pos === pos.Adjective);
      const isEnding = (word.pos === pos.Eomi || word.pos === pos.PreEomi) && isPredicate;
      if ((isShortNoun && isJoining) || isEnding) last.length += word.length;
      else tokens.push(word);
      isJoining = isShortNoun;
    }
    return tokens;
  }
}

function codesOf(syllables) {
  return Uint16Array.from(syllables, (syllable) => syllable.charCodeAt(0));
}

/** Whether a josa that begins with `head` cannot follow a noun that ends in `before`. */
function isJosaMismatched(before, head, length, josa) {
  const coda = (before - firstSyllable) % perVowel;
  if (coda > 0) {
    const isShort = length === 1 && (head === josa[1] || head === josa[2] || head === josa[3]);
    return (coda !== codaL && head === josa[0]) || isShort;
  }
  return head === josa[4] || (length === 1 && (head === josa[5] || head === josa[6] || head === josa[7]));
}
