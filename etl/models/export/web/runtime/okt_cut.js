// Cuts an eojeol into pieces of one kind before they are parsed, as etl/tagging/okt/cut.py does.

import { compiled, isLonger } from "./text.js";

/** @typedef {{ piece: string, kind: string }} Piece */

/**
 * @param {any} config `okt.cut` of the pack
 * @returns {(eojeol: string) => Piece[] | null} null: only Okt's library can tell
 */
export function openCutter(config) {
  const kinds = [config.foreign, ...config.scripts.map(([kind]) => kind)];
  const kindOf = new Uint8Array(1 << 16); // by code unit; halves of surrogate pairs are foreign
  config.scripts.forEach(([, ranges], place) => {
    for (const [first, last] of ranges) kindOf.fill(place + 1, first, last + 1);
  });
  const unknown = unknownCharacter(config.characters);
  const odd = compiled(config.odd);
  const digit = compiled(config.digit);
  const blankStart = compiled(config.blank_start);
  const numbers = openKinds(config.numbers, {});
  let links = null; // long, and few eojeols need them

  return function cutEojeol(eojeol) {
    if (unknown.test(eojeol)) return null;
    const isOdd = odd.test(eojeol);
    if (isOdd && isLonger(eojeol, config.longest_odd)) return null;
    if (blankStart.test(eojeol)) return [];
    if (isOdd) return cutBy(eojeol, (links ??= openKinds(config.links, config.signs)), config.foreign);
    if (digit.test(eojeol)) return cutBy(eojeol, numbers, config.foreign);
    return runsOfOneScript(eojeol, kindOf, kinds);
  };
}

/** Patterns that are compiled when an eojeol has one of their signs. */
function openKinds(patterns, signs) {
  return patterns.map(([kind, source]) => {
    let pattern = null;
    const matches = (eojeol) => eojeol.matchAll((pattern ??= compiled(source, "g")));
    const own = signs[kind] && [...signs[kind]];
    return { kind, find: own ? (eojeol) => (own.some((sign) => eojeol.includes(sign)) ? matches(eojeol) : []) : matches };
  });
}

/** What an eojeol has that the patterns need not know. */
function unknownCharacter(ranges) {
  const escaped = (code) => `\\u{${code.toString(16)}}`;
  return compiled(`[^${ranges.map(([first, last]) => `${escaped(first)}-${escaped(last)}`).join("")}]`);
}

function runsOfOneScript(eojeol, kindOf, kinds) {
  const pieces = [];
  let start = 0;
  for (let at = 1; at <= eojeol.length; at += 1) {
    const kind = kindOf[eojeol.charCodeAt(at - 1)];
    if (at < eojeol.length && kindOf[eojeol.charCodeAt(at)] === kind) continue;
    pieces.push({ piece: eojeol.slice(start, at), kind: kinds[kind] });
    start = at;
  }
  return pieces;
}

/** Searches patterns one after another; a match that overlaps an earlier one is dropped. */
function cutBy(eojeol, patterns, foreign) {
  const found = [];
  for (const { kind, find } of patterns) {
    for (const match of find(eojeol)) {
      const start = match.index;
      const end = start + match[0].length;
      if (found.every((other) => end <= other.start || start >= other.end)) found.push({ start, end, kind });
    }
  }
  found.sort((one, other) => one.start - other.start);
  const pieces = [];
  let at = 0;
  for (const { start, end, kind } of found) {
    if (start > at) pieces.push({ piece: eojeol.slice(at, start), kind: foreign });
    if (end > start) pieces.push({ piece: eojeol.slice(start, end), kind });
    at = end;
  }
  if (at < eojeol.length) pieces.push({ piece: eojeol.slice(at), kind: foreign });
  return pieces;
}
