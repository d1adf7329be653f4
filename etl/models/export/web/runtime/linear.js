// The linear model: TF-IDF without counts, one weight for each feature and label (etl/models/linear/model.py).

const tiny = 2 ** -126; // what a row without features is divided by

/**
 * @param {Record<string, Float32Array>} weights `idf` (ids), `weights` (labels, ids), `bias` (labels)
 * @returns {(ids: number[]) => number[]} logits of a sentence
 */
export function openLinearModel({ idf, weights, bias }) {
  return (ids) => {
    let squares = 0;
    for (const id of ids) squares += idf[id] * idf[id];
    const norm = Math.max(Math.sqrt(squares), tiny);
    return Array.from(bias, (own, label) => {
      let sum = 0;
      for (const id of ids) sum += idf[id] * weights[label * idf.length + id];
      return sum / norm + own;
    });
  };
}
