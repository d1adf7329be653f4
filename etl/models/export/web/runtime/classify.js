// Text in, label out: what the page and the module are made of.

import { answerOf } from "./decide.js";
import { openEncoding } from "./encode.js";
import { openLinearModel } from "./linear.js";
import { openNetwork } from "./network.js";
import { openPack } from "./pack.js";
import { openPreparation } from "./prepare.js";

/** The weights of a model by name; those in 8 bits are multiplied by the scale of their row. */
function weightsOf(tensors) {
  const weights = {};
  for (const [name, values] of Object.entries(tensors)) {
    if (!name.startsWith("weights.")) continue;
    const scales = tensors[name.replace("weights.", "scales.")];
    weights[name.slice("weights.".length)] = scales ? scaled(values, scales) : values;
  }
  return weights;
}

/** @param {Int8Array} values rows one after another @param {Float32Array} scales of each row */
function scaled(values, scales) {
  const columns = values.length / scales.length;
  const result = new Float32Array(values.length);
  for (let row = 0; row < scales.length; row++) {
    for (let at = row * columns; at < (row + 1) * columns; at++) result[at] = values[at] * scales[row];
  }
  return result;
}

function softmax(logits) {
  const highest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - highest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/**
 * Opens a model.
 *
 * @param {Uint8Array} bytes a pack
 * @returns {Promise<any>} a `Classifier` of classifier.d.ts
 */
export async function openClassifier(bytes) {
  const { config, tensors } = await openPack(bytes);
  const prepare = openPreparation(config, tensors);
  const encoding = openEncoding(config.encoder, tensors);
  const weights = weightsOf(tensors);
  const score = config.model.kind === "linear" ? openLinearModel(weights) : openNetwork(config.model, weights);

  /** Cleans and tags a text, and makes the model's ids. */
  function encode(text) {
    if (typeof text !== "string") throw new TypeError(`classify takes a string, got ${typeof text}`);
    const prepared = prepare(text);
    const kept = prepared.tokens.filter(({ isKept }) => isKept).map(({ token }) => token);
    const ids = prepared.reason ? [] : encoding.ids(prepared.text, kept);
    return { ...prepared, ids };
  }

  return {
    labels: config.labels,
    encode,
    classify(text) {
      const { ids, ...prepared } = encode(text);
      const tokens = prepared.tokens.map((own) => ({ ...own, isKnown: encoding.isKnown(own.token) }));
      if (prepared.reason) return answerOf(config, { ...prepared, tokens }, null);
      const logits = score(ids);
      const all = config.thresholds ? logits.map((logit) => 1 / (1 + Math.exp(-logit))) : softmax(logits);
      return answerOf(config, { ...prepared, tokens }, all);
    },
  };
}
