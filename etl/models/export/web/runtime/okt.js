// Tags texts as KoNLPy's Okt does: eojeols are normalised, cut into pieces, and runs of Hangul parsed. The Python of
// it is etl/tagging/okt/exact.py.

import { BoundedCache } from "./cache.js";
import { openCutter } from "./okt_cut.js";
import { OktNormaliser } from "./okt_normalise.js";
import { OktParser } from "./okt_parse.js";
import { OktWords } from "./okt_words.js";
import { compiled } from "./text.js";

const cachedEojeols = 50_000;
const longestCached = 40; // in code units: longer ones hardly come again
const hangul = "Korean";

/**
 * @template T
 * @param {any} config `okt` of the pack
 * @param {Record<string, any>} tensors arrays of the pack
 * @param {(token: string, tag: string) => T} makeToken what is made of a token
 * @returns {(text: string) => T[] | null} null: only Okt's library can tag it. The text is cleaned: only spaces
 *   divide eojeols
 */
export function openOkt(config, tensors, makeToken) {
  const words = new OktWords(config, tensors);
  const parser = new OktParser(config, words);
  const normaliser = config.normalise ? new OktNormaliser(config, words, parser) : null;
  const cut = openCutter(config.cut);
  const blank = compiled(config.cut.blank);
  const cache = new BoundedCache(cachedEojeols);

  function tokensOf(eojeol) {
    const pieces = cut(normaliser ? normaliser.normalise(eojeol) : eojeol);
    if (pieces === null) return null;
    const tokens = [];
    for (const { piece, kind } of pieces) {
      if (kind !== hangul) {
        if (!blank.test(piece)) tokens.push(makeToken(piece, kind));
        continue;
      }
      for (const { start, length, pos, row } of parser.parse(piece)) {
        const token = stemOf(words.stems, pos, row) ?? piece.slice(start, start + length);
        tokens.push(makeToken(token, config.parts[pos]));
      }
    }
    return tokens;
  }

  return function tagText(text) {
    const all = [];
    for (const eojeol of text.split(" ")) {
      if (eojeol === "") continue;
      let tokens = cache.get(eojeol);
      if (tokens === undefined) {
        tokens = tokensOf(eojeol);
        if (eojeol.length <= longestCached) cache.set(eojeol, tokens);
      }
      if (tokens === null) return null;
      for (const token of tokens) all.push(token);
    }
    return all;
  };
}

function stemOf(stems, pos, row) {
  const found = stems.find((each) => each !== null && each.pos === pos);
  return found && row >= 0 ? found.texts[found.ofRow[row]] : undefined;
}
