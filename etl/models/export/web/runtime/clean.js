// Cleans a sentence, as etl/ingestion/steps/clean.py does.

import { openMarkupRemover } from "./markup.js";
import { compiled, hasSurrogates, isLonger } from "./text.js";

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
  const isTidy = openTidyTest([canChange, compiled(patterns.blanks)], visible, config.markup?.may_hold);
  const foldRepeats = openRepeatFolder(patterns.repeats, config.max_repeats);
  const foldVowels = patterns.drawn_out === null ? null : openVowelFolder(patterns.drawn_out);

  function tidied(raw) {
    let text = canChange.test(raw) ? raw.normalize("NFC") : raw;
    if (removeMarkup) text = removeMarkup(text);
    return needsCollapsing.test(text) ? withoutOuterSpaces(text.replace(blanks, " ")) : text;
  }

  return function clean(raw) {
    if (isLonger(raw, config.max_raw_chars)) return { text: "", reason: "text_too_long" };
    const wasTidy = isTidy(raw);
    let text = foldRepeats(wasTidy ? raw : tidied(raw));
    if (foldVowels) text = foldVowels(text);
    if (!wasTidy && !visible.test(text)) return { text, reason: "empty_text" };
    return { text, reason: isLonger(text, config.max_chars) ? "text_too_long" : null };
  };
}

/**
 * Whether a text is in NFC, has no blanks but single spaces within, and nothing like markup: most are, and one look at
 * each character is cheaper than a search for each of these. Each character is judged when it is first met.
 */
function openTidyTest(untidy, visible, mayHoldMarkup) {
  const isPlain = new Uint8Array(1 << 16); // by code unit: 0 not met, 1 plain, 2 not
  const space = 0x20;
  const mayBegin = mayHoldMarkup ? compiled(mayHoldMarkup) : null;

  function judged(character) {
    const isUntidy = untidy.some((pattern) => pattern.test(character)) || !visible.test(character);
    // An entity or a tag begins with a sign, whatever follows it.
    return isUntidy || mayBegin?.test(`${character}a`) ? 2 : 1;
  }

  return function isTidy(text) {
    let wasSpace = true;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === space) {
        if (wasSpace) return false;
        wasSpace = true;
        continue;
      }
      wasSpace = false;
      if (isPlain[code] === 0) isPlain[code] = judged(text[at]);
      if (isPlain[code] === 2) return false;
    }
    return !wasSpace;
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
    const longest = 3 * (hasSurrogates(folded) ? 2 : 1); // of a unit, in code units
    while (folded !== before && hasRun(folded, longest, times)) {
      before = folded;
      folded = folded.replace(repeats, (_, unit) => unit.repeat(times));
    }
    return folded;
  };
}

/** Whether there may be a unit of such a length more than so many times in a row: found fast. */
function hasRun(text, longest, times) {
  for (let lag = 1; lag <= longest; lag += 1) {
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
