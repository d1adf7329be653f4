// Makes the ids of a model from the text and the tokens of a sentence, as etl/models/baseline/tokens.py and
// etl/models/linear/features.py do.

const reserved = 2; // ids 0 and 1: padding, and what is not known
const edge = " "; // of a word
const longestGram = 4;

/** @param {Uint8Array} bytes strings in UTF-8, one a line */
function linesOf(bytes) {
  return bytes.length ? new TextDecoder().decode(bytes).split("\n") : [];
}

/** The place of each string. */
function placesOf(strings) {
  return new Map(strings.map((string, place) => [string, place]));
}

/** Ids of tokens by the vocabulary of the dataset, the first `max_len` of them. */
function openVocabulary({ unknown_id: unknown, padding_id: padding, max_len: longest }, tensors) {
  const ids = placesOf(linesOf(tensors.vocabulary));
  const idOf = (token) => Math.max(ids.get(token) ?? unknown, unknown);
  return {
    isKnown: (token) => idOf(token) !== unknown,
    ids(text, tokens) {
      const found = tokens.slice(0, longest).map(idOf);
      return found.length ? found : [padding];
    },
  };
}

/** N-grams as numbers, sorted: the digits of each, of which the first ones may be zero. */
function gramCodesOf(digits, size, base) {
  const codes = new Float64Array(digits.length / size);
  for (let gram = 0; gram < codes.length; gram++) {
    for (let at = 0; at < size; at++) codes[gram] = codes[gram] * base + digits[at * codes.length + gram];
  }
  return codes;
}

/** @returns {number} the place of a number among sorted ones, or -1 */
function find(codes, code) {
  let low = 0;
  let high = codes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (codes[middle] < code) low = middle + 1;
    else high = middle;
  }
  return codes[low] === code ? low : -1;
}

/** Adds the ids of all n-grams of known symbols of one sequence: digits from 1, or 0 where one is not known. */
function addGrams(ids, digits, longest, base, codes, first, isGram = () => true) {
  for (let start = 0; start < digits.length; start++) {
    let code = 0;
    for (let end = start; end < Math.min(start + longest, digits.length) && digits[end]; end++) {
      code = code * base + digits[end];
      const place = isGram(code) ? find(codes, code) : -1;
      if (place >= 0) ids.add(first + place);
    }
  }
}

/** Ids of n-grams of tokens, and of characters within words, each once. */
function openFeatures(encoder, tensors) {
  const tokenDigits = placesOf(["", ...linesOf(tensors.feature_tokens)]);
  const characterDigits = placesOf(["", ...linesOf(tensors.feature_characters)]);
  const tokenBase = tokenDigits.size;
  const characterBase = characterDigits.size;
  const tokenCodes = gramCodesOf(tensors.token_grams, 2, tokenBase);
  const characterCodes = gramCodesOf(tensors.character_grams, longestGram, characterBase);
  const edgeDigit = characterDigits.get(edge);
  const edges = new Set([edgeDigit, edgeDigit * characterBase + edgeDigit]);
  return {
    isKnown: (token) => tokenDigits.has(token),
    ids(text, tokens) {
      const ids = new Set();
      const ofTokens = tokens.map((token) => tokenDigits.get(token) ?? 0);
      addGrams(ids, ofTokens, 2, tokenBase, tokenCodes, reserved);
      for (const word of text.split(" ")) {
        const digits = Array.from(edge + word + edge, (character) => characterDigits.get(character) ?? 0);
        const first = reserved + tokenCodes.length;
        addGrams(ids, digits, longestGram, characterBase, characterCodes, first, (code) => !edges.has(code));
      }
      return [...ids].sort((one, other) => one - other);
    },
  };
}

/**
 * @param {any} encoder of the config
 * @param {Record<string, any>} tensors
 * @returns {{ids: (text: string, tokens: string[]) => number[], isKnown: (token: string) => boolean}}
 */
export function openEncoding(encoder, tensors) {
  return encoder.kind === "features" ? openFeatures(encoder, tensors) : openVocabulary(encoder, tensors);
}
