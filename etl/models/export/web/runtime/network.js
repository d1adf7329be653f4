// The networks: ids of tokens to one logit for each label. They are those of etl/models/baseline/network.py.

import { openSelfAttention } from "./attention.js";
import { openConvolutions } from "./convolutions.js";
import { openKernel } from "./kernel.js";
import { openGru, openLstm } from "./recurrent.js";

// Tokens whose projections are remembered: sentences repeat the same few thousand words.
const rememberedTokens = 4096;

/** One or two recurrent layers as an encoder. */
function openRecurrent(layers, hidden) {
  const size = layers.reduce((sum, { gates }) => sum + gates * hidden, 0);
  const parts = (projection) => {
    let start = 0;
    return layers.map(({ gates }) => projection.subarray(start, (start += gates * hidden)));
  };
  return {
    project(token) {
      const projection = new Float32Array(size);
      for (const [at, part] of parts(projection).entries()) part.set(layers[at].layer.project(token));
      return projection;
    },
    encode(projections) {
      const steps = projections.map(() => new Float32Array(layers.length * hidden));
      const divided = projections.map(parts);
      for (const [at, { layer }] of layers.entries()) {
        layer.run(divided.map((part) => part[at]), steps, at * hidden, at === 1);
      }
      return steps;
    },
  };
}

/** The part in which the networks differ: `project` a token, `encode` the projections of all to steps. */
function openEncoder(kernel, weights, model) {
  const { hidden } = model;
  const lstm = (name) => ({ layer: openLstm(kernel, weights, name, model), gates: 4 });
  switch (model.kind) {
    case "lstm":
      return openRecurrent([lstm("encoder.layer")], hidden);
    case "bilstm":
      return openRecurrent([lstm("encoder.forwards"), lstm("encoder.backwards")], hidden);
    case "gru":
      return openRecurrent([{ layer: openGru(kernel, weights, "encoder.layer", model), gates: 3 }], hidden);
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
  for (let at = 0; at < features; at++) {
    let sum = 0;
    let highest = steps[0][at];
    for (const step of steps) {
      sum += step[at];
      highest = Math.max(highest, step[at]);
    }
    pooled[at] = sum / steps.length;
    pooled[features + at] = highest;
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
    return Array.from(weights["output.bias"], (bias, label) => {
      let logit = bias;
      for (let at = 0; at < pooled.length; at++) logit += outputs[label * pooled.length + at] * pooled[at];
      return logit;
    });
  };
}
