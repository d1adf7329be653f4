// What labels a sentence has, by the probabilities of all.

/**
 * The most probable label; of sets all that reach their threshold, or the nearest.
 *
 * @param {string[]} labels
 * @param {number[]} probabilities of the labels
 * @param {number[] | null} thresholds of the labels, null where a sentence has one
 * @returns {string[]}
 */
export function decideLabels(labels, probabilities, thresholds) {
  const above = probabilities.map((probability, label) => probability - (thresholds ? thresholds[label] : 0));
  const reached = thresholds ? labels.filter((_, label) => above[label] >= 0) : [];
  return reached.length ? reached : [labels[above.indexOf(Math.max(...above))]];
}
