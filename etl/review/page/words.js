// The words of the page, in the language of the command if it was told one, else in that of the browser.
// A language that is chosen here goes before both: of a command with one of its own, until that ends.

const KEPT = "etl-review-language";
let words = {};
let language = "en";
let kept = [localStorage, KEPT];

export function speak(all, told) {
  words = all;
  // The address has the token of this run in it.
  if (told) kept = [sessionStorage, `${KEPT}:${location.pathname}`];
  const [storage, name] = kept;
  const wished = storage.getItem(name) ?? told ?? navigator.language.slice(0, 2);
  choose(wished in words ? wished : "en");
}

export function switchLanguage() {
  choose(language === "ko" ? "en" : "ko");
  const [storage, name] = kept;
  storage.setItem(name, language);
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
