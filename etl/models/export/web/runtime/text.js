// What is known of a text as a sequence of code points.

const surrogates = /[\ud800-\udfff]/;

/** Whether a text has a character of two code units, or half of one. */
export function hasSurrogates(text) {
  return surrogates.test(text);
}

/**
 * @param {string} text
 * @returns {string} the text with "?" in the place of each half of a surrogate pair
 */
export function wellFormed(text) {
  return hasSurrogates(text) ? text.replace(/\p{Cs}/gu, "?") : text;
}

/**
 * @param {string} text
 * @param {number} most
 * @returns {boolean} whether it has more code points
 */
export function isLonger(text, most) {
  if (text.length <= most) return false;
  if (text.length > 2 * most) return true;
  let codePoints = 0;
  for (const _ of text) codePoints += 1;
  return codePoints > most;
}

/**
 * Compiles a pattern of the pack.
 *
 * @param {string} pattern
 * @param {string} flags beside `u`
 */
export function compiled(pattern, flags = "") {
  return new RegExp(pattern, `${flags}u`);
}
