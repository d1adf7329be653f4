// Cleans a sentence, as etl/ingestion/steps/clean.py does.

import { openMarkupRemover } from "./markup.js";
import { compiled, isLonger } from "./text.js";

/**
 * @param {any} config `clean` of the pack
 * @returns {(raw: string) => { text: string, reason: string | null }}
 */
export function openCleaner(config) {
  const { patterns } = config;
  const canChange = compiled(patterns.can_change);
  const blanks = compiled(patterns.blanks, "g");
  const needsCollapsing = compiled(`^ | $|  |(?! )${patterns.blanks}`);
  const visible = compiled(patterns.visible);
  const removeMarkup = config.markup ? openMarkupRemover(config.markup) : null;
  const foldRepeats = openRepeatFolder(patterns.repeats, config.max_repeats);
  const foldVowels = patterns.drawn_out === null ? null : openVowelFolder(patterns.drawn_out);

  return function clean(raw) {
    if (isLonger(raw, config.max_raw_chars)) return { text: "", reason: "text_too_long" };
    let text = canChange.test(raw) ? raw.normalize("NFC") : raw;
    if (removeMarkup) text = removeMarkup(text);
    if (needsCollapsing.test(text)) text = withoutOuterSpaces(text.replace(blanks, " "));
    text = foldRepeats(text);
    if (foldVowels) text = foldVowels(text);
    if (!visible.test(text)) return { text, reason: "empty_text" };
    return { text, reason: isLonger(text, config.max_chars) ? "text_too_long" : null };
  };
}

function withoutOuterSpaces(text) {
  const start = text.startsWith(" ") ? 1 : 0;
  return text.slice(start, text.endsWith(" ") ? Math.max(text.length - 1, start) : text.length);
}

function openRepeatFolder(pattern, times) {
  const repeats = compiled(pattern, "g");
  return function foldRepeats(text) {
    let folded = text;
    let before = null;
    while (folded !== before && hasRun(folded, times)) {
      before = folded;
      folded = folded.replace(repeats, (_, unit) => unit.repeat(times));
    }
    return folded;
  };
}

/** Whether there may be a unit of up to three characters more than so many times in a row: found fast. */
function hasRun(text, times) {
  for (let lag = 1; lag <= 6; lag += 1) { // code units
    let equal = 0;
    for (let at = lag; at < text.length; at += 1) {
      equal = text.charCodeAt(at) === text.charCodeAt(at - lag) ? equal + 1 : 0;
      if (equal >= lag * times) return true;
    }
  }
  return false;
}

function openVowelFolder(pattern) {
  const drawnOut = compiled(pattern, "g");
  // The groups are those of the pattern; behind them stand the place and the text.
  return (text) =>
    text.replace(drawnOut, (found, ...others) => others.slice(0, -2).find((group) => group !== undefined) ?? found);
}
