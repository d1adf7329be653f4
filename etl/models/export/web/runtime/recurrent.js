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
 * @returns {{project: Function, run: Function}} `project` gives the gates of a token, `run(gates, steps, offset,
 *   isBackwards)` writes the state after each token into `steps[at]` from `offset` on
 */
export function openLstm(kernel, weights, name, sizes) {
  const { hidden } = sizes;
  const { forState, sums, state, project } = openGates(kernel, weights, name, sizes, 4, false);
  const cell = new Float32Array(hidden);
  return {
    project,
    run(projections, steps, offset, isBackwards) {
      state.numbers.fill(0);
      cell.fill(0);
      for (let count = 0; count < projections.length; count++) {
        const at = isBackwards ? projections.length - 1 - count : count;
        sums.numbers.set(projections[at]);
        kernel.addProduct(sums, forState, state);
        const gates = sums.numbers;
        for (let unit = 0; unit < hidden; unit++) {
          const kept = sigmoid(gates[hidden + unit]) * cell[unit];
          cell[unit] = kept + sigmoid(gates[unit]) * hyperbolicTangent(gates[2 * hidden + unit]);
          state.numbers[unit] = sigmoid(gates[3 * hidden + unit]) * hyperbolicTangent(cell[unit]);
        }
        steps[at].set(state.numbers.subarray(0, hidden), offset);
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
      state.numbers.fill(0);
      for (const [at, ofToken] of projections.entries()) {
        sums.numbers.set(ofState);
        kernel.addProduct(sums, forState, state);
        const gates = sums.numbers;
        for (let unit = 0; unit < hidden; unit++) {
          const reset = sigmoid(ofToken[unit] + gates[unit]);
          const update = sigmoid(ofToken[hidden + unit] + gates[hidden + unit]);
          const fresh = hyperbolicTangent(ofToken[2 * hidden + unit] + reset * gates[2 * hidden + unit]);
          state.numbers[unit] = (1 - update) * fresh + update * state.numbers[unit];
        }
        steps[at].set(state.numbers.subarray(0, hidden), offset);
      }
    },
  };
}
