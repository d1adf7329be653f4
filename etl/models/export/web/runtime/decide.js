// What labels a sentence has, by the probabilities of all.

/**
 * The most probable label; of sets all that reach their threshold, or the nearest.
 *
 * @param {string[]} labels
 * @param {number[]} probabilities of the labels
 * @param {number[] | null} thresholds of the labels, null where a sentence has one
 * @returns {string[]}
 */
function decideLabels(labels, probabilities, thresholds) {
  const above = probabilities.map((probability, label) => probability - (thresholds ? thresholds[label] : 0));
  const reached = thresholds ? labels.filter((_, label) => above[label] >= 0) : [];
  return reached.length ? reached : [labels[above.indexOf(Math.max(...above))]];
}

/**
 * The answer to a text.
 *
 * @param {{labels: string[], thresholds: number[] | null}} config of a pack
 * @param {any} prepared text, reason and tokens
 * @param {number[] | null} probabilities of the labels; null where there is a reason
 * @returns {any} an `Answer` of classifier.d.ts
 */
export function answerOf({ labels, thresholds }, prepared, probabilities) {
  const given = probabilities ? decideLabels(labels, probabilities, thresholds) : [];
  return {
    ...prepared,
    label: probabilities ? given.join(", ") : null,
    labels: given,
    probability: probabilities ? Math.max(...probabilities) : null,
    probabilities: Object.fromEntries((probabilities ?? []).map((probability, at) => [labels[at], probability])),
  };
}
