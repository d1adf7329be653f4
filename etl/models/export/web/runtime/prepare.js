// Prepares a sentence for a model: cleans it, cuts it into tokens, says which of them are kept.

import { openAround } from "./around.js";
import { openCleaner } from "./clean.js";
import { openNegation } from "./negation.js";
import { openOkt } from "./okt.js";
import { TokenPolicy } from "./policy.js";
import { wellFormed } from "./text.js";

/**
 * @typedef {{ text: string, reason: string | null, tokens: import("./policy.js").Token[] }} Prepared `text` is
 *   cleaned; `reason` is a code of schemas/columns.yaml for a text that is not classified
 */

/**
 * @param {any} config config of a pack: see etl/models/export/pack/preparation.py
 * @param {Record<string, any>} tensors arrays of the pack
 * @returns {(text: string) => Prepared}
 */
export function openPreparation(config, tensors) {
  const clean = openCleaner(config.clean);
  if (config.tagger.name === null) {
    return (text) => ({ ...clean(wellFormed(text)), tokens: [] });
  }
  const policy = new TokenPolicy(config.policy);
  const tag = config.tagger.name === "okt" ? openTagger(config, tensors, policy) : openWhitespace(policy);

  return function prepare(text) {
    const cleaned = clean(wellFormed(text));
    if (cleaned.reason !== null) return { ...cleaned, tokens: [] };
    const judged = tag(cleaned.text);
    if (judged === null) return { text: cleaned.text, reason: config.left, tokens: [] };
    const tokens = policy.keep(judged);
    const reason = tokens.some(({ isKept }) => isKept) ? null : "no_key_tokens";
    return { text: cleaned.text, reason, tokens };
  };
}

function openWhitespace(policy) {
  return (text) => text.split(" ").map((eojeol) => policy.judge(eojeol, "Word"));
}

/** Tags with Okt; null where only its library could. */
function openTagger(config, tensors, policy) {
  const judge = (token, tag) => policy.judge(token, tag);
  const okt = openOkt(config.okt, tensors, judge);
  const cutAround = openAround(config.around);
  const cutNegations = openAround(config.negation.around);
  const isSwallowed = openNegation(config.negation);

  function tagPieces(text, pieces) {
    if (pieces === null) return okt(text);
    const judged = [];
    for (const { piece, tag } of pieces) {
      const tokens = tag === null ? okt(piece) : [judge(piece, tag)];
      if (tokens === null) return null;
      for (const token of tokens) judged.push(token);
    }
    return judged;
  }

  return function tagAround(text) {
    const judged = tagPieces(text, cutAround(text));
    return judged && isSwallowed(text, judged) ? tagPieces(text, cutNegations(text)) : judged;
  };
}
