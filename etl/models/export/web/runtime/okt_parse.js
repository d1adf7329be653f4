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

// What is known of a parse, in `facts` and in `floats`.
const atTie = 0;
const atTokens = 1;
const atUnknowns = 2;
const atUnknownLength = 3;
const atWords = 4;
const atDeterminers = 5;
const atExclamations = 6;
const atOthers = 7; // whether there is another part of speech than nouns
const atMismatch = 8;
const atFirst = 9;
const atSecond = 10;
const atNode = 11;
const atPart = 12;
const atRow = 13;
const atBefore = 14; // the parse that it extends
const nFacts = 15;
const atFrequency = 0;
const atScore = 1;
const nFloats = 2;

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
    this.josaCodes = codesOf(config.josa_syllables);
    this.haCodes = codesOf(config.ha_syllables);
    this.parts = numbersOf(config.parts);
    this.isSuffix = new Uint8Array(config.parts.length);
    const { suffix, eomi, josa, preEomi } = this.parts;
    for (const part of [suffix, eomi, josa, preEomi]) this.isSuffix[part] = 1;
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
    const nouns = rows.map((row) => row.filter((node) => parts[node] === this.parts.noun));
    this.nounsFollowing = Int32Array.from(nouns.flatMap(filled));
  }

  /** Room for runs of so many syllables. Of each position there are `beam` parses. */
  #makeRoom(length) {
    this.nRoom = length;
    this.codes = new Uint16Array(length);
    this.rows = new Int32Array(length * this.longest);
    const nParses = (length + 1) * this.beam;
    this.facts = new Int32Array(nParses * nFacts);
    this.floats = new Float32Array(nParses * nFloats);
    this.order = new Int32Array(nParses); // the parses of each position, best first
    this.counts = new Int32Array(length + 1);
    // The parse of nothing.
    this.facts[atWords] = 1;
    this.facts[atNode] = -1;
    this.facts[atPart] = -1;
    this.counts[0] = 1;
  }

  /** Finds the best parses up to a position, from those of the positions before it. */
  #fill(to) {
    const { codes, rows, longest, josaCodes, haCodes } = this;
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
      const isMismatched = start > 0 && isJosaMismatched(codes[start - 1], first, length, josaCodes);
      this.#extend(start, to, mask, row, noun, share, isMismatched, first === haCodes[0] || first === haCodes[1]);
    }
  }

  /** Extends all parses up to `start` by a piece, as every part of speech that it may be there. */
  #extend(start, to, mask, row, noun, nounShare, isMismatched, isHa) {
    const { nodeParts, mayEnd, nNodes, nChoices, order, facts } = this;
    const { noun: nounPart, josa, verb } = this.parts;
    const choices = (mask & ~1) !== 0 ? this.following : this.nounsFollowing;
    const place = start * this.beam;
    for (let rank = place; rank < place + this.counts[start]; rank += 1) {
      const old = place + order[rank];
      const node = facts[old * nFacts + atNode];
      // Where a word may end another may begin, which counts as one more word.
      const nStates = node >= 0 && mayEnd[node] !== 0 ? 2 : 1;
      for (let newWord = 0; newWord < nStates; newWord += 1) {
        const state = newWord === 1 || node < 0 ? nNodes : node;
        for (let at = state * nChoices; choices[at] >= 0; at += 1) {
          const choice = choices[at];
          const part = nodeParts[choice];
          if (part === nounPart) {
            this.#add(old, to - start, to, newWord, choice, part, noun, nounShare, false, false);
          } else if (((mask >> part) & 1) !== 0) {
            const isWrong = part === josa && isMismatched;
            this.#add(old, to - start, to, newWord, choice, part, row, 1, isWrong, part === verb && isHa);
          }
        }
      }
    }
  }

  /** Scores a parse with one more word, and keeps it if it is among the best. */
  #add(old, length, to, newWord, node, part, row, share, isMismatched, isHa) {
    const { facts, floats, weights } = this;
    const { noun, josa, determiner, exclamation, verbPrefix } = this.parts;
    const from = old * nFacts;
    const isUnknown = row === unknownNoun ? 1 : 0;
    const tokens = facts[from + atTokens] + 1;
    const unknowns = facts[from + atUnknowns] + isUnknown;
    const unknownLength = facts[from + atUnknownLength] + length * isUnknown;
    const words = facts[from + atWords] + newWord;
    const determiners = facts[from + atDeterminers] + (part === determiner ? 1 : 0);
    const exclamations = facts[from + atExclamations] + (part === exclamation ? 1 : 0);
    const others = facts[from + atOthers] | (part !== noun ? 1 : 0);
    const mismatch = facts[from + atMismatch] | (isMismatched && facts[from + atPart] === noun ? 1 : 0);
    const first = tokens === 1 ? part : facts[from + atFirst];
    const second = tokens === 2 ? part + (isHa ? haVerb : 0) : facts[from + atSecond];
    const isPreferred = tokens === 2 && first === noun && second === josa;
    const isNounHa = tokens >= 2 && (first === noun || first === verbPrefix) && second >= haVerb;
    const frequency = fround(floats[old * nFloats + atFrequency] + share);
    let score = fround(fround(tokens * weights[0]) + fround(unknowns * weights[1]));
    score = fround(score + fround(words * weights[2]));
    score = fround(score + fround(unknownLength * weights[4]));
    score = fround(score + fround(fround(frequency / tokens) * weights[3]));
    if (tokens !== 1) score = fround(score + weights[5]);
    if (others !== 0) score = fround(score + weights[6]);
    if (!isPreferred) score = fround(score + weights[12]);
    score = fround(score + fround(determiners * weights[8]));
    score = fround(score + fround(exclamations * weights[9]));
    if (this.isSuffix[first] !== 0) score = fround(score + weights[10]);
    if (!isNounHa) score = fround(score + weights[11]);
    if (mismatch !== 0) score = fround(score + weights[14]);
    const tie = facts[from + atTie] + part;
    const free = this.#freeParse(to, score, tie);
    if (free < 0) return;
    floats[free * nFloats + atFrequency] = frequency;
    floats[free * nFloats + atScore] = score;
    const into = free * nFacts;
    facts[into + atTie] = tie;
    facts[into + atTokens] = tokens;
    facts[into + atUnknowns] = unknowns;
    facts[into + atUnknownLength] = unknownLength;
    facts[into + atWords] = words;
    facts[into + atDeterminers] = determiners;
    facts[into + atExclamations] = exclamations;
    facts[into + atOthers] = others;
    facts[into + atMismatch] = mismatch;
    facts[into + atFirst] = first;
    facts[into + atSecond] = second;
    facts[into + atNode] = node;
    facts[into + atPart] = part;
    facts[into + atRow] = row;
    facts[into + atBefore] = old;
  }

  /** Where to put a parse, or -1 if as many are better: behind all that are as good, as a stable sort would. */
  #freeParse(to, score, tie) {
    const { beam, order, facts, floats } = this;
    const place = to * beam;
    let count = this.counts[to];
    let rank = count;
    while (rank > 0) {
      const other = place + order[place + rank - 1];
      const otherScore = floats[other * nFloats + atScore];
      if (score > otherScore || (score === otherScore && tie >= facts[other * nFacts + atTie])) break;
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
    const { facts } = this;
    const words = [];
    let end = length;
    let parse = length * this.beam + this.order[length * this.beam];
    while (end > 0) {
      const from = parse * nFacts;
      parse = facts[from + atBefore];
      const start = (parse / this.beam) | 0;
      words.push({ start, length: end - start, pos: facts[from + atPart], row: facts[from + atRow] });
      end = start;
    }
    return words.reverse();
  }

  /** Joins nouns of one syllable to one noun, and endings to the verb or adjective before them. */
  #joined(words) {
    const { noun, verb, adjective, eomi, preEomi } = this.parts;
    const joined = [];
    let isJoining = false;
    for (const word of words) {
      const last = joined.at(-1);
      const isShortNoun = word.pos === noun && word.length === 1;
      const isPredicate = last !== undefined && (last.pos === verb || last.pos === adjective);
      const isEnding = (word.pos === eomi || word.pos === preEomi) && isPredicate;
      if ((isShortNoun && isJoining) || isEnding) last.length += word.length;
      else joined.push(word);
      isJoining = isShortNoun;
    }
    return joined;
  }
}

/** The numbers of the parts of speech that the rules name. */
function numbersOf(names) {
  const number = (name) => names.indexOf(name);
  return {
    noun: number("Noun"),
    verb: number("Verb"),
    adjective: number("Adjective"),
    determiner: number("Determiner"),
    exclamation: number("Exclamation"),
    josa: number("Josa"),
    eomi: number("Eomi"),
    preEomi: number("PreEomi"),
    verbPrefix: number("VerbPrefix"),
    suffix: number("Suffix"),
  };
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
