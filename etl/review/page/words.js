// The words of the page in the language of the browser, or in the one that was chosen.

const KEPT = "etl-review-language";
let words = {};
let language = "en";

export function speak(all) {
  words = all;
  const wished = localStorage.getItem(KEPT) ?? navigator.language.slice(0, 2);
  choose(wished in words ? wished : "en");
}

export function switchLanguage() {
  choose(language === "ko" ? "en" : "ko");
  localStorage.setItem(KEPT, language);
}

function choose(name) {
  language = name;
  document.documentElement.lang = name;
}

// `say("audit_of", {judged: 3})`, `say("queue.all")`
export function say(key, values = {}) {
  const text = key.split(".").reduce((found, part) => found?.[part], words[language]) ?? "";
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const number = (value) => value.toLocaleString(language);
export const percent = (share) => (100 * share).toLocaleString(language, {maximumFractionDigits: 1});
export const time = (moment) => new Date(moment).toLocaleString(language, {dateStyle: "short", timeStyle: "short"});
