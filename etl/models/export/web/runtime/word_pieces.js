// Cuts a text into the word pieces of a BERT or an ELECTRA, as the library `tokenizers` does with tokenizer.json.
// What is in the pack says etl/models/export/pack/word_pieces.py.

import { openPieceNormalizer, openRanges } from "./piece_text.js";

const escapeForPattern = (text) => text.replace(/[\^$\\.*+?()[\]{}|/]/g, "\\$&");

/**
 * Finds added tokens in a text.
 *
 * @returns {(text: string) => ({text: string} | {piece: string, id: number})[]} them, and the texts between them
 */
function openSearch(tokens, isBlank) {
  if (!tokens.length) return (text) => (text ? [{ text }] : []);
  const byContent = new Map();
  for (const token of tokens) if (!byContent.has(token.content)) byContent.set(token.content, token);
  // The first of some alternatives is taken: the longest that begins at a place.
  const contents = [...byContent.keys()].sort((one, other) => other.length - one.length);
  const pattern = new RegExp(contents.map(escapeForPattern).join("|"), "gu");
  return (text) => {
    const parts = [];
    let done = 0;
    for (const { 0: content, index } of text.matchAll(pattern)) {
      const token = byContent.get(content);
      let start = index;
      let end = index + content.length;
      while (token.eats_left && start > done && isBlank(text[start - 1])) start--;
      while (token.eats_right && end < text.length && isBlank(text[end])) end++;
      if (start > done) parts.push({ text: text.slice(done, start) });
      parts.push({ piece: content, id: token.id });
      done = end;
    }
    if (done < text.length) parts.push({ text: text.slice(done) });
    return parts;
  };
}

/** The pieces of a word: from its beginning on always the longest that is known. */
function openPieces({ vocabulary, unknown, prefix, max_word_chars: longest }) {
  const ids = new Map(Object.entries(vocabulary));
  return (word) => {
    const all = [{ piece: word, id: ids.get(unknown), isUnknown: true }];
    const characters = Array.from(word);
    if (characters.length > longest) return all;
    const pieces = [];
    for (let start = 0; start < word.length; ) {
      let end = word.length;
      let last = characters.length;
      const front = start ? prefix : "";
      while (end > start && !ids.has(front + word.slice(start, end))) end -= characters[--last].length;
      if (end <= start) return all;
      const piece = front + word.slice(start, end);
      pieces.push({ piece, id: ids.get(piece), isUnknown: false });
      start = end;
    }
    return pieces;
  };
}

/** Words of a text: blanks stand between them, and punctuation is a word of its own. */
function openWords({ blanks, punctuation }) {
  const isBlank = openRanges(blanks);
  const isPunctuation = openRanges(punctuation);
  return (text) => {
    const words = [];
    let word = "";
    for (const character of text) {
      const isAlone = isPunctuation(character) >= 0;
      if (!isAlone && isBlank(character) < 0) {
        word += character;
        continue;
      }
      if (word) words.push(word);
      if (isAlone) words.push(character);
      word = "";
    }
    if (word) words.push(word);
    return words;
  };
}

/**
 * @param {any} encoder of the config
 * @returns {(text: string) => {ids: number[], pieces: {piece: string, id: number, isKept: boolean, isKnown: boolean}[]}}
 *   `ids` are those of the model, with those around the text; a text of too many loses the last ones before the end
 */
export function openWordPieces(encoder) {
  const { added, before, after, max_len: longest } = encoder;
  const inBlanks = openRanges(encoder.blanks);
  const isBlank = (character) => inBlanks(character) >= 0;
  const normalise = openPieceNormalizer(encoder.normalizer);
  const searchText = openSearch(added.filter((token) => !token.is_normalized), isBlank);
  const searchNormalised = openSearch(added.filter((token) => token.is_normalized), isBlank);
  const wordsOf = openWords(encoder);
  const piecesOf = openPieces(encoder);

  function cut(text) {
    const within = (parts, next) => parts.flatMap((part) => (part.text === undefined ? [part] : next(part.text)));
    const parts = within(searchText(text), (own) => searchNormalised(normalise(own)));
    return within(parts, (own) => wordsOf(own).flatMap(piecesOf));
  }

  return (text) => {
    const pieces = cut(text);
    const all = [...before, ...pieces.map(({ id }) => id), ...after];
    const ids = all.length > longest ? [...all.slice(0, longest - 1), all.at(-1)] : all;
    const isRead = (at) => all.length <= longest || at < longest - 1 || at === all.length - 1;
    const read = pieces.map(({ piece, id, isUnknown }, at) => ({ piece, id, isKept: isRead(before.length + at), isKnown: !isUnknown }));
    return { ids, pieces: read };
  };
}
