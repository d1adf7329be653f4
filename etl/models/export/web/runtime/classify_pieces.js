// Text in, label out, of a model that reads word pieces and is run by ONNX Runtime.

import { openCleaner } from "./clean.js";
import { answerOf } from "./decide.js";
import { openPack } from "./pack.js";
import { wellFormed } from "./text.js";
import { openWordPieces } from "./word_pieces.js";

const leastIds = 2; // the file takes any number from it on, filled up with padding

/**
 * Opens a model.
 *
 * @param {Uint8Array} bytes a pack
 * @param {(ids: Int32Array) => Promise<ArrayLike<number>>} run ids to the probabilities of the labels
 * @returns {Promise<any>} a `Classifier` of pieces.d.ts
 */
export async function openPieceClassifier(bytes, run) {
  const { config } = await openPack(bytes);
  const clean = openCleaner(config.clean);
  const cut = openWordPieces(config.encoder);
  let last = Promise.resolve(); // one sentence after another: a session of ONNX Runtime takes no second one

  /** Cleans a text, and cuts it into pieces. */
  function prepare(text) {
    if (typeof text !== "string") throw new TypeError(`classify takes a string, got ${typeof text}`);
    const cleaned = clean(wellFormed(text));
    return { ...cleaned, ...(cleaned.reason ? { ids: [], pieces: [] } : cut(cleaned.text)) };
  }

  function score(ids) {
    const filled = new Int32Array(Math.max(ids.length, leastIds)).fill(config.encoder.padding_id);
    filled.set(ids);
    const scored = last.then(() => run(filled));
    last = scored.catch(() => {});
    return scored;
  }

  return {
    labels: config.labels,
    encode(text) {
      const { pieces, ...encoded } = prepare(text);
      return encoded;
    },
    async classify(text) {
      const { ids, pieces, ...prepared } = prepare(text);
      const tokens = pieces.map(({ piece, isKept, isKnown }) => ({ token: piece, tag: "", isKept, isKnown }));
      const all = prepared.reason ? null : Array.from(await score(ids));
      return answerOf(config, { ...prepared, tokens }, all);
    },
  };
}
