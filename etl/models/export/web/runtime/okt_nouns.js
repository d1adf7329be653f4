// Finds the words in a run of Hangul, and the nouns that no dictionary has: names and numbers. As
// etl/tagging/okt/lookup.py does.

import { firstSyllable, lastSyllable, perInitial, perVowel } from "./hangul.js";

const silentInitial = 11;
const vowelI = 20;

export class OktNouns {
  /**
   * @param {any} config `okt` of the pack
   * @param {import("./okt_words.js").OktWords} words
   */
  constructor(config, words) {
    this.words = words;
    this.codas = config.codas;
    this.ending = config.name_ending.charCodeAt(0);
    this.family = config.names.family_name;
    this.given = config.names.given_name;
    this.whole = config.names.full_name | config.names.given_name;
    this.numberMarks = new Uint8Array(lastSyllable - firstSyllable + 1); // 1: anywhere in a number, 2: at its end
    for (const syllable of config.number_endings) this.numberMarks[syllable.charCodeAt(0) - firstSyllable] = 2;
    for (const syllable of config.number_syllables) this.numberMarks[syllable.charCodeAt(0) - firstSyllable] = 1;
    this.recovered = new Uint16Array(words.longest);
    this.recoveredRows = new Int32Array(words.longest * words.longest);
  }

  /**
   * Looks up all pieces of a run.
   *
   * @param {Uint16Array} codes the syllables
   * @param {number} length how many
   * @param {Int32Array} rows is filled: [longest * i + n - 1] is the row of the n syllables from i, or -1
   */
  findWords(codes, length, rows) {
    const { words } = this;
    const { longest, roots } = words;
    for (let start = 0; start < length; start += 1) {
      const end = Math.min(start + longest, length);
      let place = longest * start;
      let node = roots[codes[start] - firstSyllable];
      rows[place] = node;
      for (let at = start + 1; at < end; at += 1) {
        if (node >= 0) node = words.child(node, codes[at]);
        place += 1;
        rows[place] = node;
      }
    }
  }

  /** Whether a piece that no dictionary has as a noun is one all the same. */
  isKnown(codes, start, length, rows) {
    return (
      this.#isName(rows, start, length) ||
      this.#isNumber(codes, start, start + length) ||
      this.#isNameVariation(codes, start, length)
    );
  }

  #mask(rows, start, length) {
    const row = rows[this.words.longest * start + length - 1];
    return row < 0 ? 0 : this.words.masks[row];
  }

  /** A name as a whole, or a family name and a given name of two syllables. */
  #isName(rows, start, length) {
    if ((this.#mask(rows, start, length) & this.whole) !== 0) return true;
    if (length !== 3 && length !== 4) return false;
    if ((this.#mask(rows, start, length - 2) & this.family) === 0) return false;
    return (this.#mask(rows, start + length - 2, 2) & this.given) !== 0;
  }

  #isNumber(codes, start, end) {
    for (let at = start; at < end; at += 1) {
      const mark = this.numberMarks[codes[at] - firstSyllable];
      if (mark === 0 || (mark === 2 && at < end - 1)) return false;
    }
    return true;
  }

  /** A name whose last consonant slid over to the ending. */
  #isNameVariation(codes, start, length) {
    if (length < 3 || length > 5) return false;
    const end = start + length;
    const last = codes[end - 1] - firstSyllable;
    const initial = (last / perInitial) | 0;
    if (last % perInitial !== vowelI * perVowel || this.codas[initial] === 0 || initial === silentInitial) return false;
    if ((codes[end - 2] - firstSyllable) % perVowel !== 0) return false;
    const { recovered, recoveredRows: rows } = this;
    for (let at = 0; at < length - 2; at += 1) recovered[at] = codes[start + at];
    recovered[length - 2] = codes[end - 2] + this.codas[initial];
    recovered[length - 1] = this.ending;
    this.findWords(recovered, length, rows);
    return this.#isName(rows, 0, length) || this.#isName(rows, 0, length - 1);
  }
}
