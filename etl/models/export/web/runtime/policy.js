// Says which tokens are kept, as etl/tagging/policy.py and etl/ingestion/steps/key_tokens.py do.

import { BoundedCache } from "./cache.js";
import { compiled } from "./text.js";

const cachedTokens = 50_000;

/**
 * @typedef {{ token: string, tag: string, isKept: boolean }} Token
 * @typedef {{ shown: Token, className: string, isCompanion: boolean }} JudgedToken `shown` is what callers get
 */

export class TokenPolicy {
  #config;
  #forms;
  #keep;
  #companions;
  #stopWords;
  #known = new Map();

  /** @param {any} config `policy` of the pack */
  constructor(config) {
    this.#config = config;
    this.#forms = config.forms.map((form) => ({ ...form, pattern: compiled(form.pattern) }));
    this.#keep = new Set(config.keep);
    this.#companions = new Set(config.companions);
    this.#stopWords = new Set(config.stop_words);
  }

  /**
   * @param {string} token
   * @param {string} tag
   * @returns {JudgedToken}
   */
  judge(token, tag) {
    let tokens = this.#known.get(tag);
    if (!tokens) this.#known.set(tag, (tokens = new BoundedCache(cachedTokens)));
    let judged = tokens.get(token);
    if (judged === undefined) tokens.set(token, (judged = this.#judged(token, tag)));
    return judged;
  }

  /**
   * @param {JudgedToken[]} judged the tokens of a sentence
   * @returns {Token[]} none of them is kept if all that would be are companions
   */
  keep(judged) {
    const isAlone = !this.#config.keeps_all && judged.every(({ shown, isCompanion }) => !shown.isKept || isCompanion);
    return judged.map(({ shown }) => (isAlone && shown.isKept ? { ...shown, isKept: false } : shown));
  }

  #judged(token, tag) {
    const className = this.#classOf(token, tag);
    const isKept = this.#config.keeps_all || (this.#keep.has(className) && !this.#stopWords.has(token));
    return { shown: Object.freeze({ token, tag, isKept }), className, isCompanion: this.#companions.has(className) };
  }

  #classOf(token, tag) {
    const { classes, unmapped } = this.#config;
    const first = tag.split("+", 1)[0];
    const byTag = Object.hasOwn(classes, first) ? classes[first] : unmapped;
    const form = this.#forms.find(({ of, pattern }) => (!of.length || of.includes(byTag)) && pattern.test(token));
    return form ? form.class_name : byTag;
  }
}
