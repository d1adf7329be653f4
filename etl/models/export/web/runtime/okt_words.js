// Okt's dictionaries as a trie. Its format in the pack stands in etl/models/export/pack/okt_words.py.
//
// Nodes are numbered level by level, so the children of a node stand side by side, sorted. A word is known by its
// row: that of a word of Hangul is its node, and those of other words follow. What no word ends at has no bits.

import { firstSyllable, isSyllable, lastSyllable } from "./hangul.js";

const notShared = 16;

export class OktWords {
  /**
   * @param {any} config `okt` of the pack
   * @param {Record<string, any>} tensors arrays of the pack
   */
  constructor(config, tensors) {
    this.longest = config.longest_word;
    const shapes = tensors["okt.word_shapes"];
    const levels = firstOfLevels(shapes, this.longest);
    const nNodes = levels[this.longest];
    const nRows = nNodes + config.others.length;
    this.syllables = new Uint16Array(nNodes);
    this.children = new Int32Array(nNodes + 1); // the children of node n begin here, and those of n + 1 behind them
    this.children[nNodes] = nNodes;
    /** The bits of each row: parts of speech and kinds of names. */
    this.masks = new Int32Array(nRows);
    /** What a noun adds to the score for being rare: 1 - its frequency. */
    this.shares = new Float32Array(nRows).fill(1);
    this.roots = new Int32Array(lastSyllable - firstSyllable + 1).fill(-1);
    this.others = new Map(config.others.map((word, place) => [word, nNodes + place]));
    const rows = this.#addWords(shapes, tensors["okt.word_syllables"], levels, nRows);
    this.#addKinds(config, tensors, rows);
    this.stems = ["verb", "adjective"].map((name) => stemsOf(name, config, tensors, rows, this.masks));
  }

  /**
   * @param {string} word
   * @returns {number} its bits; 0 where it is none
   */
  maskOf(word) {
    let node = -1;
    for (let at = 0; at < word.length; at += 1) {
      const code = word.charCodeAt(at);
      if (!isSyllable(code)) node = -1;
      else node = at === 0 ? this.roots[code - firstSyllable] : this.child(node, code);
      if (node < 0) return this.masks[this.others.get(word) ?? -1] ?? 0;
    }
    return node < 0 ? 0 : this.masks[node];
  }

  /** The node that a syllable leads to from a node, or -1. */
  child(node, code) {
    const syllables = this.syllables;
    let low = this.children[node];
    let high = this.children[node + 1] - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = syllables[middle];
      if (found === code) return middle;
      if (found < code) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Makes the trie, and returns the row of each word. */
  #addWords(shapes, following, levels, nRows) {
    const { syllables, children, roots } = this;
    const next = levels.slice();
    const path = new Int32Array(this.longest);
    const rows = new Int32Array(shapes.length + this.others.size);
    let at = 0;
    for (let word = 0; word < shapes.length; word += 1) {
      const shape = shapes[word];
      let depth = (shape / notShared) | 0;
      const end = depth + (shape % notShared);
      let node = 0;
      for (; depth < end; depth += 1) {
        const code = following[at];
        at += 1;
        node = next[depth];
        next[depth] = node + 1;
        syllables[node] = code;
        children[node] = next[depth + 1];
        path[depth] = node;
        if (depth === 0) roots[code - firstSyllable] = node;
      }
      rows[word] = node;
    }
    for (let place = 0; place < this.others.size; place += 1) {
      rows[shapes.length + place] = nRows - this.others.size + place;
    }
    return rows;
  }

  #addKinds(config, tensors, rows) {
    const { masks, shares } = this;
    const wordKinds = tensors["okt.word_kinds"];
    const kinds = tensors["okt.kinds"];
    const places = tensors["okt.frequency_places"];
    const frequencies = tensors["okt.frequencies"];
    let at = 0;
    for (let word = 0; word < rows.length; word += 1) {
      const kind = kinds[wordKinds[word]];
      masks[rows[word]] = kind;
      if (kind & config.has_frequency) {
        shares[rows[word]] = Math.fround(1 - frequencies[places[at]]);
        at += 1;
      }
    }
  }
}

/** The number of the first node of each level, and of all nodes behind them. */
function firstOfLevels(shapes, longest) {
  const counts = new Int32Array(longest + 1);
  for (let word = 0; word < shapes.length; word += 1) {
    const shape = shapes[word];
    const shared = (shape / notShared) | 0;
    for (let depth = shared; depth < shared + (shape % notShared); depth += 1) counts[depth] += 1;
  }
  const first = new Int32Array(longest + 1);
  for (let depth = 0; depth < longest; depth += 1) first[depth + 1] = first[depth] + counts[depth];
  return first;
}

/** `{ pos, ofRow, texts }`: the part of speech, a place in `texts` for each row, the dictionary forms. */
function stemsOf(name, config, tensors, rows, masks) {
  const texts = config[`${name}_stems`];
  if (!texts) return null;
  const pos = config.parts.findIndex((part) => part.toLowerCase() === name);
  const ofRow = new Uint16Array(masks.length);
  const places = tensors[`okt.${name}_stems`];
  let at = 0;
  for (let word = 0; word < rows.length; word += 1) {
    const row = rows[word];
    if (masks[row] & (1 << pos)) {
      ofRow[row] = places[at];
      at += 1;
    }
  }
  return { pos, ofRow, texts };
}
