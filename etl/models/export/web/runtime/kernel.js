// Matrices times vectors, by a few lines of WebAssembly that use the processor's vectors of four numbers.

import { decodeBase64 } from "./pack.js";

// kernel.wat, assembled.
const kernelCode =
  "AGFzbQEAAAABCQFgBX9/f39/AAMCAQAFAwEAAQcVAgZtZW1vcnkCAAhtdWx0aXBseQAACpEDAY4DAgd/BXsgBEECdCEFIAEgBWoh" +
  "ByACIANBAnRqIQYCQANAIAIgBk8NASAAIAVqIQkgCSAFaiEKIAogBWohC/0MAAAAAAAAAAAAAAAAAAAAACENIA0hDiANIQ8gDSEQ" +
  "IAEhCANAIAj9AAQAIQwgDSAMIAD9AAQA/eYB/eQBIQ0gDiAMIAn9AAQA/eYB/eQBIQ4gDyAMIAr9AAQA/eYB/eQBIQ8gECAMIAv9" +
  "AAQA/eYB/eQBIRAgAEEQaiEAIAlBEGohCSAKQRBqIQogC0EQaiELIAhBEGohCCAIIAdJDQALIAshACANIA79DQABAgMQERITBAUG" +
  "BxQVFhcgDSAO/Q0ICQoLGBkaGwwNDg8cHR4f/eQBIQ0gDyAQ/Q0AAQIDEBESEwQFBgcUFRYXIA8gEP0NCAkKCxgZGhsMDQ4PHB0e" +
  "H/3kASEPIAIgAv0ABAAgDSAP/Q0AAQIDBAUGBxAREhMUFRYXIA0gD/0NCAkKCwwNDg8YGRobHB0eH/3kAf3kAf0LBAAgAkEQaiEC" +
  "DAALCwsAmwEEbmFtZQJqAQARAAZtYXRyaXgBBnZlY3RvcgIEc3VtcwMEcm93cwQHY29sdW1ucwUFd2lkdGgGA2VuZAcEbGFzdAgF" +
  "cGxhY2UJBnNlY29uZAoFdGhpcmQLBmZvdXJ0aAwEcGFydA0BYQ4BYg8BYxABZAMoAQADAARkb25lAQxyb3dzX29mX2ZvdXICD2Nv" +
  "bHVtbnNfb2ZfZm91cg==";

const lane = 4; // numbers that are multiplied at once

/** @param {number} size @returns {number} the same or the next multiple of four */
function padded(size) {
  return (size + lane - 1) & -lane;
}

/**
 * Memory for matrices and vectors of 32-bit floats, and their product. All are padded with zeros to multiples
 * of four numbers.
 *
 * @param {number} capacity how many numbers there will be at most
 */
export function openKernel(capacity) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(decodeBase64(kernelCode)));
  const { memory, multiply } = exports;
  const pageBytes = 65536;
  memory.grow(Math.ceil((capacity * 4) / pageBytes));
  let free = 16;

  /** @returns {{place: number, numbers: Float32Array}} */
  function allocate(count) {
    const taken = { place: free, numbers: new Float32Array(memory.buffer, free, count) };
    free += count * 4;
    return taken;
  }

  return {
    /** @param {number} size */
    vector: (size) => allocate(padded(size)),

    /** @param {ArrayLike<number>} values rows one after another @param {number} rows @param {number} columns */
    matrix(values, rows, columns) {
      const width = padded(columns);
      const matrix = { ...allocate(padded(rows) * width), rows: padded(rows), columns: width };
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          matrix.numbers[row * width + column] = values[row * columns + column];
        }
      }
      return matrix;
    },

    /** Adds the product of a matrix and a vector to `sums`. */
    addProduct(sums, matrix, vector) {
      multiply(matrix.place, vector.place, sums.place, matrix.rows, matrix.columns);
    },
  };
}
