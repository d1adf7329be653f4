// Sends the text to the server and shows what it answers; all of it is shown as text.
// `pageWords` and `pageLanguage` are put in front of this file.
const language = pageLanguage ?? (navigator.language.startsWith("ko") ? "ko" : "en");
const words = pageWords[language];
document.documentElement.lang = language;
for (const id of ["ask", "classify"]) document.getElementById(id).textContent = words[id];
const answer = document.getElementById("answer");

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function show({ label, probabilities, reason }) {
  const list = document.createElement("dl");
  const ranked = Object.entries(probabilities).sort((one, other) => other[1] - one[1]);
  for (const [name, probability] of ranked) {
    list.append(element("dt", name), element("dd", probability.toFixed(3)));
  }
  answer.replaceChildren(element("strong", label ?? words.reasons[reason] ?? reason), list);
}

document.forms[0].addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = document.getElementById("text").value.toWellFormed?.() ?? document.getElementById("text").value;
  try {
    const response = await fetch("predict", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text }),
    });
    const content = await response.json();
    if (response.ok) show(content.predictions[0]);
    else answer.textContent = `${content.error.message}. ${content.error.next}`;
  } catch (error) {
    answer.textContent = String(error);
  }
});
