// The page: what is typed is classified at once. `pageWords` and `aboutModel` are put in front of this file.

const byId = (id) => document.getElementById(id);
const waitMilliseconds = 60; // after the last key

let classifier = null;
let language = aboutModel.language ?? (navigator.language.startsWith("ko") ? "ko" : "en");
let failure = null; // what is said of it, and the error
let timer = 0;
let asked = 0; // how many texts

/** What the page says, by name, with the words in braces filled in. */
function say(name, values = {}) {
  return pageWords[language][name].replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

/** An element with text, never with markup. */
function element(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function percent(share) {
  return (100 * share).toLocaleString(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }) + " %";
}

function probabilityTable(probabilities) {
  const table = element("table");
  table.append(element("caption", say("probability")));
  for (const [label, probability] of Object.entries(probabilities).sort((one, other) => other[1] - one[1])) {
    const row = element("tr");
    const bar = element("td");
    bar.append(element("meter", "", { value: probability, "aria-label": label }));
    row.append(element("th", label, { scope: "row" }), bar, element("td", percent(probability), { class: "number" }));
    table.append(row);
  }
  return table;
}

function kindOf({ isKept, isKnown }) {
  if (!isKept) return "dropped";
  return isKnown ? "kept" : "unknown";
}

function showTokens(tokens) {
  if (!tokens.length) return byId("tokens").replaceChildren();
  const list = element("ul");
  for (const token of tokens) {
    const kind = kindOf(token);
    const shown = element("li", token.token, { class: kind });
    shown.title = [token.tag, say(`legend_${kind}`)].filter(Boolean).join(": ");
    if (token.tag) shown.append(element("small", token.tag));
    list.append(shown);
  }
  const legend = element("ul", "", { class: "legend" });
  for (const kind of ["kept", "unknown", "dropped"]) {
    if (tokens.some((token) => kindOf(token) === kind)) legend.append(element("li", say(`legend_${kind}`), { class: kind }));
  }
  byId("tokens").replaceChildren(element("h2", say("tokens")), list, legend);
}

function show(answer) {
  if (answer.reason) {
    const why = pageWords[language].reasons[answer.reason] ?? answer.reason;
    byId("answer").replaceChildren(element("p", why, { class: "reason" }));
  } else {
    const label = element("p", answer.label, { class: "label" });
    byId("answer").replaceChildren(label, probabilityTable(answer.probabilities));
  }
  showTokens(answer.tokens);
}

async function classifyText() {
  if (!classifier) return;
  const own = ++asked;
  try {
    const answer = await classifier.classify(byId("text").value);
    if (own === asked) show(answer);
  } catch (error) {
    byId("answer").replaceChildren(element("p", say("broke", { error: error.message }), { class: "reason" }));
    byId("tokens").replaceChildren();
  }
}

function showWords() {
  document.documentElement.lang = language;
  document.title = say("title");
  for (const id of ["title", "ask", "language"]) byId(id).textContent = say(id);
  byId("private").textContent = say(aboutModel.is_served ? "private_served" : "private");
  byId("text").placeholder = say("hint");
  byId("about").textContent = say("about", aboutModel);
  if (classifier) classifyText();
  else byId("answer").replaceChildren(element("p", failure ? say(failure.name, failure) : say("loading"), { class: "reason" }));
}

/**
 * Shows the page, and what a model says as soon as it is open.
 *
 * @param {Promise<{classify: (text: string) => any}>} opening the answer, or a promise of it
 * @param {string} ifNot what is said if it does not open, by name
 */
export function startPage(opening, ifNot) {
  byId("text").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(classifyText, waitMilliseconds);
  });
  byId("language").addEventListener("click", () => {
    language = language === "ko" ? "en" : "ko";
    showWords();
  });
  showWords();
  opening.then(
    (opened) => {
      classifier = opened;
      document.body.dataset.ready = "yes";
      classifyText();
    },
    (error) => {
      failure = { name: ifNot, error: error.message };
      showWords();
    },
  );
}
