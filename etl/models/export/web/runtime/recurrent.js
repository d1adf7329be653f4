// Recurrent layers, one step a token, as torch computes them (the order of its gates included).

/** @param {number} value */
function sigmoid(value) {
  return 1 / (1 + Math.exp(-value));
}

/** @param {number} value */
function hyperbolicTangent(value) {
  return 2 / (1 + Math.exp(-2 * value)) - 1;
}

/** What all layers begin with: the part of the gates that depends on the token alone. */
function openGates(kernel, weights, name, { embedding, hidden }, count, isApart) {
  const forInput = kernel.matrix(weights[`${name}.weight_ih_l0`], count * hidden, embedding);
  const forState = kernel.matrix(weights[`${name}.weight_hh_l0`], count * hidden, hidden);
  const ofInput = weights[`${name}.bias_ih_l0`];
  const ofState = weights[`${name}.bias_hh_l0`];
  const sums = kernel.vector(count * hidden);
  return {
    forState,
    ofState,
    sums,
    state: kernel.vector(hidden),
    project(token) {
      for (let at = 0; at < count * hidden; at++) sums.numbers[at] = ofInput[at] + (isApart ? 0 : ofState[at]);
      kernel.addProduct(sums, forInput, token);
      return sums.numbers.slice(0, count * hidden);
    },
  };
}

/**
 * An LSTM.
 *
 * @returns {{project: Function, run: Function}} `project` gives the gates of a token; `run(gates, steps, offset,
 *   isBackwards)` takes those of all tokens, and writes the state after each into `steps[at]` from `offset` on
 */
export function openLstm(kernel, weights, name, sizes) {
  const { hidden } = sizes;
  const { forState, sums, state, project } = openGates(kernel, weights, name, sizes, 4, false);
  const cell = new Float32Array(hidden);
  return {
    project,
    run(projections, steps, offset, isBackwards) {
      const [gates, output] = [sums.numbers, state.numbers];
      output.fill(0);
      cell.fill(0);
      for (let count = 0; count < projections.length; count++) {
        const at = isBackwards ? projections.length - 1 - count : count;
        const step = steps[at];
        gates.set(projections[at]);
        kernel.addProduct(sums, forState, state);
        for (let unit = 0; unit < hidden; unit++) {
          const kept = sigmoid(gates[hidden + unit]) * cell[unit];
          cell[unit] = kept + sigmoid(gates[unit]) * hyperbolicTangent(gates[2 * hidden + unit]);
          output[unit] = sigmoid(gates[3 * hidden + unit]) * hyperbolicTangent(cell[unit]);
          step[offset + unit] = output[unit];
        }
      }
    },
  };
}

/** A GRU; see `openLstm`. */
export function openGru(kernel, weights, name, sizes) {
  const { hidden } = sizes;
  const { forState, ofState, sums, state, project } = openGates(kernel, weights, name, sizes, 3, true);
  return {
    project,
    run(projections, steps, offset) {
      const [gates, output] = [sums.numbers, state.numbers];
      output.fill(0);
      for (let at = 0; at < projections.length; at++) {
        const ofToken = projections[at];
        gates.set(ofState);
        kernel.addProduct(sums, forState, state);
        for (let unit = 0; unit < hidden; unit++) {
          const reset = sigmoid(ofToken[unit] + gates[unit]);
          const update = sigmoid(ofToken[hidden + unit] + gates[hidden + unit]);
          const fresh = hyperbolicTangent(ofToken[2 * hidden + unit] + reset * gates[2 * hidden + unit]);
          output[unit] = (1 - update) * fresh + update * output[unit];
          steps[at][offset + unit] = output[unit];
        }
      }
    },
  };
}
