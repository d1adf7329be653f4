// Cuts out of a text what is handed around the tagger, as etl/tagging/around.py does.

import { compiled } from "./text.js";

/**
 * @param {any} config `around` of the pack
 * @returns {(text: string) => { piece: string, tag: string | null }[] | null} the pieces of a text, those for the
 *   tagger without a tag; null: the tagger gets the text as it is
 */
export function openAround(config) {
  const signs = config.signs === null ? null : compiled(config.signs);
  let pattern = null; // compiled when the first text has signs

  return function cutAround(text) {
    if (signs && !signs.test(text)) return null;
    pattern ??= compiled(config.pattern, "g");
    const pieces = [];
    let at = 0;
    for (const match of text.matchAll(pattern)) {
      if (match.groups.skipped !== undefined) continue;
      const part = config.parts.find(({ group }) => match.groups[group] !== undefined);
      const end = match.index + match[0].length;
      pieces.push({ piece: text.slice(at, part.is_glued ? end : match.index), tag: null });
      pieces.push({ piece: part.token ?? match[0], tag: part.tag });
      at = end;
    }
    if (!pieces.length) return null;
    pieces.push({ piece: text.slice(at), tag: null });
    return pieces.map(({ piece, tag }) => ({ piece: piece.trim(), tag })).filter(({ piece }) => piece);
  };
}
