// Matrices times vectors, by a few lines of WebAssembly that use the processor's vectors of four numbers.

import { decodeBase64 } from "./pack.js";

// kernel.wat, assembled.
const kernelCode =
  "AGFzbQEAAAABCQFgBX9/f39/AAMCAQAFAwEAAQcVAgZtZW1vcnkCAAhtdWx0aXBseQAACoYFAYMFAgd/BXsgBEECdCEFIAEgBWoh" +
  "ByACIANBAnRqIQYCQANAIAIgBk8NASAAIAVqIQkgCSAFaiEKIAogBWohC/0MAAAAAAAAAAAAAAAAAAAAACENIA0hDiANIQ8gDSEQ" +
  "IAEhCANAIAj9AAQAIQwgDSAMIAD9AAQA/eYB/eQBIQ0gDiAMIAn9AAQA/eYB/eQBIQ4gDyAMIAr9AAQA/eYB/eQBIQ8gECAMIAv9" +
  "AAQA/eYB/eQBIRAgCP0ABBAhDCANIAwgAP0ABBD95gH95AEhDSAOIAwgCf0ABBD95gH95AEhDiAPIAwgCv0ABBD95gH95AEhDyAQ" +
  "IAwgC/0ABBD95gH95AEhECAI/QAEICEMIA0gDCAA/QAEIP3mAf3kASENIA4gDCAJ/QAEIP3mAf3kASEOIA8gDCAK/QAEIP3mAf3k" +
  "ASEPIBAgDCAL/QAEIP3mAf3kASEQIAj9AAQwIQwgDSAMIAD9AAQw/eYB/eQBIQ0gDiAMIAn9AAQw/eYB/eQBIQ4gDyAMIAr9AAQw" +
  "/eYB/eQBIQ8gECAMIAv9AAQw/eYB/eQBIRAgAEHAAGohACAJQcAAaiEJIApBwABqIQogC0HAAGohCyAIQcAAaiEIIAggB0kNAAsg" +
  "CyEAIA0gDv0NAAECAxAREhMEBQYHFBUWFyANIA79DQgJCgsYGRobDA0ODxwdHh/95AEhDSAPIBD9DQABAgMQERITBAUGBxQVFhcg" +
  "DyAQ/Q0ICQoLGBkaGwwNDg8cHR4f/eQBIQ8gAiAC/QAEACANIA/9DQABAgMEBQYHEBESExQVFhcgDSAP/Q0ICQoLDA0ODxgZGhsc" +
  "HR4f/eQB/eQB/QsEACACQRBqIQIMAAsLCwCeAQRuYW1lAmoBABEABm1hdHJpeAEGdmVjdG9yAgRzdW1zAwRyb3dzBAdjb2x1bW5z" +
  "BQV3aWR0aAYDZW5kBwRsYXN0CAVwbGFjZQkGc2Vjb25kCgV0aGlyZAsGZm91cnRoDARwYXJ0DQFhDgFiDwFjEAFkAysBAAMABGRv" +
  "bmUBDHJvd3Nfb2ZfZm91cgISY29sdW1uc19vZl9zaXh0ZWVu";

const lane = 16; // columns that are multiplied in one turn of the loop

/** @param {number} size @returns {number} the same or the next multiple of sixteen */
function padded(size) {
  return (size + lane - 1) & -lane;
}

/**
 * Memory for matrices and vectors of 32-bit floats, and their product. All are padded with zeros to multiples
 * of sixteen numbers.
 */
export function openKernel() {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(decodeBase64(kernelCode)));
  const { memory, multiply } = exports;
  const pageBytes = 65536;
  let free = 0;

  /** Room for so many numbers: its place in bytes, and a view of it, which is made anew when the memory has grown. */
  function allocate(count) {
    const place = free;
    free += count * 4;
    const missing = free - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
    let view = new Float32Array(memory.buffer, place, count);
    return {
      place,
      get numbers() {
        if (view.length === 0) view = new Float32Array(memory.buffer, place, count);
        return view;
      },
    };
  }

  return {
    /** @param {number} size */
    vector: (size) => allocate(padded(size)),

    /** @param {ArrayLike<number>} values rows one after another @param {number} rows @param {number} columns */
    matrix(values, rows, columns) {
      const width = padded(columns);
      const { place, numbers } = allocate(padded(rows) * width);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          numbers[row * width + column] = values[row * columns + column];
        }
      }
      return { place, rows: padded(rows), columns: width };
    },

    /** Adds the product of a matrix and a vector to `sums`. */
    addProduct(sums, matrix, vector) {
      multiply(matrix.place, vector.place, sums.place, matrix.rows, matrix.columns);
    },
  };
}
