// The networks: ids of tokens to one logit for each label. They are those of etl/models/baseline/network.py.

import { openSelfAttention } from "./attention.js";
import { openConvolutions } from "./convolutions.js";
import { openKernel } from "./kernel.js";
import { openGru, openLstm } from "./recurrent.js";

// Tokens whose projections are remembered: sentences repeat the same few thousand words.
const rememberedTokens = 4096;

/** One or two recurrent layers as an encoder; the projection of a token has an array for each. */
function openRecurrent(layers, hidden) {
  const steps = []; // used again for each sentence
  return {
    project: (token) => layers.map((layer) => layer.project(token)),
    encode(projections) {
      while (steps.length < projections.length) steps.push(new Float32Array(layers.length * hidden));
      const own = steps.slice(0, projections.length);
      for (let at = 0; at < layers.length; at++) {
        const ofLayer = projections.map((projection) => projection[at]);
        layers[at].run(ofLayer, own, at * hidden, at === 1);
      }
      return own;
    },
  };
}

/** The part in which the networks differ: `project` a token, `encode` the projections of all to steps. */
function openEncoder(kernel, weights, model) {
  const { hidden } = model;
  const lstm = (name) => openLstm(kernel, weights, name, model);
  switch (model.kind) {
    case "lstm":
      return openRecurrent([lstm("encoder.layer")], hidden);
    case "bilstm":
      return openRecurrent([lstm("encoder.forwards"), lstm("encoder.backwards")], hidden);
    case "gru":
      return openRecurrent([openGru(kernel, weights, "encoder.layer", model)], hidden);
    case "cnn":
      return openConvolutions(kernel, weights, model);
    case "transformer":
      return openSelfAttention(kernel, weights, model);
    default:
      throw new Error(`no network is called ${model.kind}`);
  }
}

/** Mean and maximum of the steps, one after the other. */
function pool(steps) {
  const features = steps[0].length;
  const pooled = new Float64Array(2 * features);
  pooled.fill(-Infinity, features);
  for (let number = 0; number < steps.length; number++) {
    const step = steps[number];
    for (let at = 0; at < features; at++) {
      pooled[at] += step[at] / steps.length;
      if (step[at] > pooled[features + at]) pooled[features + at] = step[at];
    }
  }
  return pooled;
}

/**
 * @param {{kind: string, embedding: number, hidden: number}} model sizes
 * @param {Record<string, Float32Array>} weights by the names of torch
 * @returns {(ids: number[]) => number[]} logits of a sentence with at least one id
 */
export function openNetwork(model, weights) {
  const embeddings = weights["embedding.weight"];
  const kernel = openKernel();
  const encoder = openEncoder(kernel, weights, model);
  const token = kernel.vector(model.embedding);
  const projections = new Map();
  const outputs = weights["output.weight"];

  function project(id) {
    let projection = projections.get(id);
    if (!projection) {
      if (projections.size >= rememberedTokens) projections.clear();
      token.numbers.set(embeddings.subarray(id * model.embedding, (id + 1) * model.embedding));
      projection = encoder.project(token);
      projections.set(id, projection);
    }
    return projection;
  }

  return (ids) => {
    const pooled = pool(encoder.encode(ids.map(project)));
    const logits = Array.from(weights["output.bias"]);
    for (let label = 0; label < logits.length; label++) {
      const first = label * pooled.length;
      for (let at = 0; at < pooled.length; at++) logits[label] += outputs[first + at] * pooled[at];
    }
    return logits;
  };
}
