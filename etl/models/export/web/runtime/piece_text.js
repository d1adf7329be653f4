// What a tokenizer of BERT does with the characters of a text before it is cut into pieces. What each character
// is stands in the pack: see etl/models/export/pack/word_pieces.py.

import { isSyllable } from "./hangul.js";

/**
 * @param {number[][]} ranges sorted, `[first, last]` code points
 * @returns {(character: string) => number} the place of the range that a character is in, or -1
 */
export function openRanges(ranges) {
  return (character) => {
    const number = character.codePointAt(0);
    let low = 0;
    let high = ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ranges[middle][1] < number) low = middle + 1;
      else high = middle;
    }
    return low < ranges.length && ranges[low][0] <= number ? low : -1;
  };
}

/** A function of a character that remembers its answers. */
function rememberCharacters(find) {
  const answers = new Map();
  return (character) => {
    let answer = answers.get(character);
    if (answer === undefined) answers.set(character, (answer = find(character)));
    return answer;
  };
}

/** Takes accents from letters: decomposes each character, sorts marks by their class, and drops marks. */
function openAccents({ decomposed, classes, marks }) {
  const parts = new Map(Object.entries(decomposed));
  const rangeOf = openRanges(classes);
  const isMark = openRanges(marks);
  // Parts of syllables have no class, and no version of Unicode changes them.
  const decompose = rememberCharacters((character) =>
    isSyllable(character.codePointAt(0)) ? character.normalize("NFD") : (parts.get(character) ?? character),
  );
  const classOf = rememberCharacters((character) => classes[rangeOf(character)]?.[2] ?? 0);
  const isDropped = rememberCharacters((character) => isMark(character) >= 0);
  return (text) => {
    const characters = Array.from(Array.from(text, decompose).join(""));
    for (let start = 0; start < characters.length; start++) {
      let end = start;
      while (end < characters.length && classOf(characters[end])) end++;
      if (end - start > 1) {
        const ordered = characters.slice(start, end).sort((one, other) => classOf(one) - classOf(other));
        for (const [at, character] of ordered.entries()) characters[start + at] = character;
      }
      start = end;
    }
    return characters.filter((character) => !isDropped(character)).join("");
  };
}

/**
 * @param {any} normalizer of the config, or null
 * @returns {(text: string) => string}
 */
export function openPieceNormalizer(normalizer) {
  if (!normalizer) return (text) => text;
  const [isRemoved, isSpace, isPadded] = [normalizer.removed, normalizer.spaces, normalizer.padded].map(openRanges);
  const clean = rememberCharacters((character) => {
    if (isRemoved(character) >= 0) return "";
    if (isSpace(character) >= 0) return " ";
    return isPadded(character) >= 0 ? ` ${character} ` : character;
  });
  const lowered = normalizer.lowered && new Map(Object.entries(normalizer.lowered));
  const strip = normalizer.decomposed ? openAccents(normalizer) : (text) => text;
  return (text) => {
    const stripped = strip(Array.from(text, clean).join(""));
    return lowered ? Array.from(stripped, (character) => lowered.get(character) ?? character).join("") : stripped;
  };
}
