// Okt's normaliser for colloquial Korean, eojeol by eojeol, as etl/tagging/okt/normalise.py has it.

import { decomposed, firstJamo, firstSyllable, firstVowel, isSyllable, lastJamo, perVowel } from "./hangul.js";
import { compiled } from "./text.js";

const alike = 4; // so many characters in a repeat, at least

export class OktNormaliser {
  #rules;
  #words;
  #parser;
  #codas;
  #bits;
  #predicates;
  #typosByLength = new Map();
  #typosByFirst = new Map();
  #run;
  #detachable;
  #emotion;
  #repeated;
  #repeatedPair;
  #mayBegin = new Uint8Array(1 << 16); // 1: a typo begins with it, 2: an ending that a swallowed copula precedes

  /**
   * @param {any} config `okt` of the pack
   * @param {import("./okt_words.js").OktWords} words
   * @param {import("./okt_parse.js").OktParser} parser
   */
  constructor(config, words, parser) {
    this.#rules = config.normalise;
    this.#words = words;
    this.#parser = parser;
    this.#codas = config.codas;
    const number = (name) => config.parts.indexOf(name);
    this.#bits = { noun: 1 << number("Noun"), endings: 1 << number("Eomi"), others: 0 };
    for (const name of ["Noun", "Conjunction", "Adverb"]) this.#bits.others |= 1 << number(name);
    this.#predicates = [number("Verb"), number("Adjective")];
    for (const [typo, meant] of config.typos) {
      if (!this.#typosByLength.has(typo.length)) this.#typosByLength.set(typo.length, new Map());
      this.#typosByLength.get(typo.length).set(typo, meant);
      const first = typo.charCodeAt(0);
      this.#mayBegin[first] |= 1;
      if (!this.#typosByFirst.has(first)) this.#typosByFirst.set(first, []);
      this.#typosByFirst.get(first).push(typo);
    }
    for (const ending of this.#rules.coda_n_endings) this.#mayBegin[ending.charCodeAt(0)] |= 2;
    this.#run = compiled(this.#rules.run, "g");
    this.#detachable = compiled(this.#rules.detachable);
    this.#emotion = compiled(this.#rules.emotion, "g");
    this.#repeated = compiled(this.#rules.repeated, "g");
    this.#repeatedPair = compiled(this.#rules.repeated_pair, "g");
  }

  /**
   * @param {string} eojeol
   * @returns {string}
   */
  normalise(eojeol) {
    return this.#mayChange(eojeol) ? eojeol.replace(this.#run, (run) => this.#normalised(run)) : eojeol;
  }

  /** Most eojeols need nothing of it: they have no jamo, no repeats, no typo and no swallowed copula. */
  #mayChange(eojeol) {
    let equal = 0; // how many characters in a row are the one two places before
    for (let at = 0; at < eojeol.length; at += 1) {
      const code = eojeol.charCodeAt(at);
      if (code >= firstJamo && code <= lastJamo) return true;
      const begins = this.#mayBegin[code];
      if ((begins & 1) !== 0 && this.#typosByFirst.get(code).some((typo) => eojeol.startsWith(typo, at))) return true;
      if (at > 0 && (begins & 2) !== 0 && this.#hasCodaN(eojeol.charCodeAt(at - 1))) return true;
      equal = at >= 2 && code === eojeol.charCodeAt(at - 2) ? equal + 1 : 0;
      if (equal >= alike - 2) return true;
    }
    return false;
  }

  #normalised(run) {
    const cut = this.#withoutEmotion(run)
      .replace(this.#repeated, (repeat) => repeat.slice(0, 3))
      .replace(this.#repeatedPair, (repeat) => repeat.slice(0, 4));
    return this.#corrected(this.#withCopula(cut));
  }

  /** Searching for emotion takes time with the square of the length where there is none. */
  #withoutEmotion(run) {
    if (!this.#detachable.test(run)) return run;
    return run.replace(this.#emotion, (found, word, emotion) => this.#detached(found, word, emotion));
  }

  #detached(found, word, emotion) {
    if (this.#is(word, this.#bits.noun)) return found;
    if (this.#is(word.slice(-1), this.#bits.endings) || this.#is(word.slice(-2), this.#bits.endings)) return found;
    const last = word.charCodeAt(word.length - 1);
    const { initial, vowel, final } = decomposed(last);
    if (this.#rules.codas_of_laughter.includes(final)) {
      return word.slice(0, -1) + String.fromCharCode(last - final) + emotion;
    }
    // The last consonant belongs to the syllable before, the vowel to the tears.
    const before = word.length > 1 ? word.charCodeAt(word.length - 2) : 0;
    const isOpen = before !== 0 && decomposed(before).final === 0;
    if (final === 0 && isOpen && firstVowel + vowel === emotion.charCodeAt(0) && this.#codas[initial]) {
      return word.slice(0, -2) + String.fromCharCode(before + this.#codas[initial]) + emotion;
    }
    return found;
  }

  #withCopula(text) {
    const { coda_n_endings: endings, coda_n_exceptions: exceptions, coda_n_inserted: inserted, coda_n: codaN } = this.#rules;
    if (text.length < 2 || !endings.includes(text.at(-1))) return text;
    const before = text.charCodeAt(text.length - 2);
    if (!this.#hasCodaN(before) || exceptions.includes(text.at(-2))) return text;
    if (this.#is(text, this.#bits.others) || this.#is(text.slice(-2), this.#bits.noun)) return text;
    const head = text.slice(0, -2) + String.fromCharCode(before - codaN);
    if (!this.#is(head, this.#bits.noun) || this.#beginsWithPredicate(text)) return text;
    return head + inserted + text.at(-1);
  }

  #beginsWithPredicate(text) {
    let end = 0;
    while (end < text.length && isSyllable(text.charCodeAt(end))) end += 1;
    return end > 0 && this.#predicates.includes(this.#parser.parse(text.slice(0, end))[0].pos);
  }

  #corrected(text) {
    let corrected = text;
    for (const [length, typos] of this.#typosByLength) {
      const before = corrected;
      for (let at = 0; at + length <= before.length; at += 1) {
        const piece = before.slice(at, at + length);
        const meant = typos.get(piece);
        if (meant !== undefined) corrected = corrected.replaceAll(piece, () => meant);
      }
    }
    return corrected;
  }

  #is(word, bits) {
    return (this.#words.maskOf(word) & bits) !== 0;
  }

  #hasCodaN(code) {
    return isSyllable(code) && (code - firstSyllable) % perVowel === this.#rules.coda_n;
  }
}
