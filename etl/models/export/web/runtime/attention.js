// A transformer's encoder: layers of self-attention that normalise first, with fixed sine positions.

/** @returns {(vector: Float32Array) => Float32Array} a linear layer */
function openLinear(kernel, weight, bias, rows, columns) {
  const matrix = kernel.matrix(weight, rows, columns);
  const given = kernel.vector(columns);
  const sums = kernel.vector(rows);
  return (vector) => {
    given.numbers.set(vector);
    sums.numbers.set(bias);
    kernel.addProduct(sums, matrix, given);
    return sums.numbers.slice(0, rows);
  };
}

/** Layer normalisation, with torch's 1e-5. */
function normalise(vector, weight, bias) {
  let mean = 0;
  for (const value of vector) mean += value / vector.length;
  let variance = 0;
  for (const value of vector) variance += (value - mean) ** 2 / vector.length;
  const scale = 1 / Math.sqrt(variance + 1e-5);
  return vector.map((value, at) => (value - mean) * scale * weight[at] + bias[at]);
}

/** Sines and cosines of one position (Vaswani et al. 2017), added to a vector; angles are 32-bit floats, as in torch. */
function addPosition(vector, position) {
  const rate = Math.fround(-Math.log(10000) / vector.length);
  return vector.map((value, at) => {
    const frequency = Math.fround(Math.exp(Math.fround((at - (at % 2)) * rate)));
    const angle = Math.fround(position * frequency);
    return value + (at % 2 ? Math.cos(angle) : Math.sin(angle));
  });
}

/** Self-attention of all steps: queries, keys and values one after another in each vector of `mixed`. */
function attend(mixed, width, heads) {
  const size = width / heads;
  return mixed.map((own) => {
    const result = new Float32Array(width);
    for (let head = 0; head < width; head += size) {
      const scores = mixed.map((other) => {
        let score = 0;
        for (let at = head; at < head + size; at++) score += own[at] * other[width + at];
        return score / Math.sqrt(size);
      });
      const highest = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - highest));
      const total = shares.reduce((sum, share) => sum + share, 0);
      for (const [step, share] of shares.entries()) {
        for (let at = head; at < head + size; at++) result[at] += (share / total) * mixed[step][2 * width + at];
      }
    }
    return result;
  });
}

function openLayer(kernel, weights, name, width, heads) {
  const own = (part) => weights[`${name}.${part}`];
  const linear = (part, rows, columns) =>
    openLinear(kernel, own(`${part}.weight`), own(`${part}.bias`), rows, columns);
  const mix = openLinear(kernel, own("self_attn.in_proj_weight"), own("self_attn.in_proj_bias"), 3 * width, width);
  const join = linear("self_attn.out_proj", width, width);
  const widen = linear("linear1", 2 * width, width);
  const narrow = linear("linear2", width, 2 * width);
  const add = (first, second) => first.map((value, at) => value + second[at]);
  return (steps) => {
    const mixed = steps.map((step) => mix(normalise(step, own("norm1.weight"), own("norm1.bias"))));
    const attended = attend(mixed, width, heads).map((step, at) => add(steps[at], join(step)));
    return attended.map((step) => {
      const wide = widen(normalise(step, own("norm2.weight"), own("norm2.bias")));
      return add(step, narrow(wide.map((value) => Math.max(value, 0))));
    });
  };
}

/** @returns {{project: Function, encode: Function}} see `openNetwork` */
export function openSelfAttention(kernel, weights, { embedding, hidden, heads, layers }) {
  const enter = openLinear(kernel, weights["encoder.enter.weight"], weights["encoder.enter.bias"], hidden, embedding);
  const all = Array.from({ length: layers }, (_, at) =>
    openLayer(kernel, weights, `encoder.layers.layers.${at}`, hidden, heads),
  );
  return {
    project: (token) => enter(token.numbers.subarray(0, embedding)),
    encode: (entered) => all.reduce((steps, layer) => layer(steps), entered.map(addPosition)),
  };
}
