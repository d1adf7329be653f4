// Convolutions over neighbouring tokens; what lies behind the last token is zero.

/** @returns {{project: Function, encode: Function}} see `openNetwork` */
export function openConvolutions(kernel, weights, { embedding, hidden, widths }) {
  const taps = widths.reduce((sum, width) => sum + width, 0);
  // Torch has (hidden, embedding, width) of each width; here each tap is a matrix, one below the other.
  const stacked = new Float32Array(taps * hidden * embedding);
  let row = 0;
  for (const [layer, width] of widths.entries()) {
    const weight = weights[`encoder.layers.${layer}.weight`];
    for (let tap = 0; tap < width; tap++) {
      for (let unit = 0; unit < hidden; unit++, row++) {
        for (let at = 0; at < embedding; at++) {
          stacked[row * embedding + at] = weight[(unit * embedding + at) * width + tap];
        }
      }
    }
  }
  const matrix = kernel.matrix(stacked, taps * hidden, embedding);
  const sums = kernel.vector(taps * hidden);
  return {
    project(token) {
      sums.numbers.fill(0);
      kernel.addProduct(sums, matrix, token);
      return sums.numbers.slice(0, taps * hidden);
    },
    encode: (projections) =>
      projections.map((_, at) => {
        const step = new Float32Array(widths.length * hidden);
        let first = 0;
        for (const [layer, width] of widths.entries()) {
          const bias = weights[`encoder.layers.${layer}.bias`];
          for (let unit = 0; unit < hidden; unit++) {
            let sum = bias[unit];
            for (let tap = 0; tap < width && at + tap < projections.length; tap++) {
              sum += projections[at + tap][(first + tap) * hidden + unit];
            }
            step[layer * hidden + unit] = Math.max(sum, 0);
          }
          first += width;
        }
        return step;
      }),
  };
}
