// Finds the sentences in which the tagger has swallowed a negation, as etl/tagging/negation.py does.

import { compiled } from "./text.js";

/**
 * @param {any} config `negation` of the pack
 * @returns {(text: string, judged: import("./policy.js").JudgedToken[]) => boolean} whether a text spells a
 *   negation more often than its tokens show it
 */
export function openNegation(config) {
  const signs = compiled(config.signs);
  const kinds = config.kinds.map((kind) => ({
    signs: compiled(kind.signs),
    spelled: [kind.alone, kind.glued].filter((pattern) => pattern).map((pattern) => compiled(pattern, "g")),
    shown: compiled(kind.shown),
  }));

  return function isSwallowed(text, judged) {
    if (!signs.test(text)) return false;
    return kinds.some((kind) => {
      if (!kind.signs.test(text)) return false;
      const written = kind.spelled.reduce((count, pattern) => count + (text.match(pattern)?.length ?? 0), 0);
      if (!written) return false;
      const shows = ({ className, shown }) => className === config.class_name && kind.shown.test(shown.token);
      return judged.filter(shows).length < written;
    });
  };
}
