// Shows one row, what stands around it, and what can be decided.

import {button, data, key, make} from "./elements.js";
import {number, percent, say, time} from "./words.js";

// Keys of labels, in their order; those that mean something else are left out.
export const LABEL_KEYS = [..."1234567890", ..."qwertyiopaf"];

export function showRow(place, page, act) {
  const row = place.row;
  if (!row) return [nothing(place, page)];
  return [
    head(row, place),
    data("p", row.text, {class: "text", id: "text", tabindex: 0, "aria-label": row.text}),
    facts(row),
    members(row, page, act),
    page.isReadOnly ? labelLine(row) : decide(row, page, act),
    saidSoFar(row),
    twinsOf(row, act),
    dialogue(row, act),
    origin(row),
  ].filter(Boolean);
}

function nothing(place, page) {
  const state = page.overview.queues.find((queue) => queue.name === page.wanted.queue);
  if (place.state === "working") return make("p", {class: "empty", text: say("working")});
  if (place.state !== "ready") return make("p", {class: "empty", text: whyNot(state)});
  const isDone = place.of > 0;
  const without = state?.rows === 0 ? "nothing_found" : "nothing_here";
  return make("div", {class: "empty"},
    make("h2", {id: "text", tabindex: -1, text: say(isDone ? "nothing_left" : without)}),
    isDone ? make("p", {text: say("nothing_left_hint")}) : null);
}

export function whyNot(queue) {
  if (queue.state === "missing") return say(`missing.${queue.why}`);
  return queue.state === "failed" ? say("failed", {why: queue.why}) : say(queue.state);
}

function head(row, place) {
  const split = row.reason ? "rejects" : row.split;
  const parts = [
    data("b", row.source ?? ""),
    make("span", {text: say(`splits.${split}`) || split, class: `stands ${split}`}),
    data("code", row.id),
  ];
  if (place.rank !== null) {
    const values = {position: number(place.position), open: number(place.open)};
    parts.unshift(make("span", {class: "place", text: say("place", values)}));
  }
  return make("p", {class: "head"}, ...parts);
}

function facts(row) {
  const lines = [];
  const line = (name, ...told) => lines.push(make("dt", {text: name}), make("dd", {}, ...told));
  if (row.raw_text !== null) line(say("as_read"), data("span", row.raw_text, {class: "raw"}));
  if (row.reason) {
    line(say("rejected_for"), make("span", {text: say(`reasons.${row.reason}`) || row.reason}),
      row.detail ? data("span", ` · ${row.detail}`, {class: "soft"}) : null);
  }
  if (row.votes) line(say("votes"), data("span", row.votes));
  const {likely_label: likely, confidence, similarity, detail} = row.facts;
  if (likely) line(say("likely"), data("b", likely), confidence ? meter(confidence) : null);
  if (similarity) line(say("similarity", {value: percent(similarity) + " %"}), "");
  if (detail && detail !== row.detail) line(say("detail"), data("span", detail));
  if (row.model.length) {
    line(say("model"), ...row.model.map((each) => make("span", {class: "guess"},
      data("b", each.label), meter(each.probability))));
  }
  return make("dl", {class: "facts"}, ...lines);
}

function origin(row) {
  const where = [row.file, row.member, row.position].filter((part) => part !== null && part !== "");
  return make("p", {class: "origin soft"}, `${say("where")} `, data("code", where.join(" · ")));
}

function meter(share) {
  return make("span", {class: "meter"},
    make("progress", {max: 1, value: share, "aria-hidden": "true"}),
    make("span", {class: "n", text: `${percent(share)} %`}));
}

function given(row) {
  const read = row.raw_label && row.raw_label !== row.label
    ? data("span", say("raw_label", {label: row.raw_label}), {class: "soft"}) : null;
  return [data("b", row.labels.join(", ") || say("no_label"), {class: row.labels.length ? "label" : "label none"}), read];
}

function labelLine(row) {
  return make("p", {class: "given"}, make("span", {class: "soft", text: say("given")}), ...given(row));
}

function decide(row, page, act) {
  const isValue = page.wanted.queue === "unknown_labels";
  const isKept = !(isValue && page.isForGroup);
  const question = page.hasSets && isKept ? "choose_set" : isValue ? "choose_value" : "choose";
  const keepName = !isAsGiven(row, page) ? "save_set" : row.labels.length ? "keep" : "keep_unlabelled";
  return make("div", {class: "decide"},
    labelLine(row),
    make("div", {class: "labels", role: "group", "aria-label": say(question)},
      ...page.labels.map((label, at) => labelButton(label, at, row, page, act))),
    scope(row, page, act),
    make("div", {class: "actions"},
      isKept ? button(say(keepName), "Enter", {class: "keep", onclick: () => act.keep()}) : null,
      button(say(isValue ? "drop_value" : "drop"), "d", {onclick: () => act.decide("drop")}),
      page.wanted.queue === "conflicts"
        ? button(say("not_a_conflict"), "c", {onclick: () => act.decide("not_a_conflict")}) : null,
      button(say("undo"), "u", {onclick: () => act.undo()}),
      button(say("previous"), "k", {onclick: () => act.move(-1)}),
      button(say("next"), "j", {onclick: () => act.move(1)})),
    make("label", {class: "why"}, key("n"),
      make("input", {id: "why", maxlength: 2000, placeholder: say("why"), "aria-label": say("why"),
        autocomplete: "off", value: page.why, oninput: (event) => act.write(event.target.value)}),
      make("button", {type: "button", class: "small", text: say("save_note"), onclick: () => act.decide("note")})));
}

// Whether the labels that are chosen are those that the row has.
export const isAsGiven = (row, page) =>
  page.chosen.size === row.labels.length && row.labels.every((label) => page.chosen.has(label));

function labelButton(label, at, row, page, act) {
  const isChosen = page.chosen.has(label);
  const isLikely = label === row.facts.likely_label;
  const name = LABEL_KEYS[at] ?? "";
  return make("button", {type: "button", class: `pick${isChosen ? " given" : ""}${isLikely ? " likely" : ""}`,
    "aria-keyshortcuts": name || null, "aria-pressed": String(isChosen), onclick: () => act.choose(at)},
  name ? key(name) : null, data("span", label));
}

function scope(row, page, act) {
  if (!page.byGroup.includes(page.wanted.queue)) return null;
  const text = page.isForGroup ? say("for_group", {n: number(row.scope)}) : say("for_row");
  return make("p", {class: "scope"}, make("span", {text}),
    button(say("scope").replace(/^s: /, ""), "s", {class: "small", onclick: () => act.changeScope()}));
}

function saidSoFar(row) {
  if (!row.decisions.length) return null;
  return make("section", {class: "history"}, make("h3", {text: say("history")}),
    make("ul", {}, ...row.decisions.map((each) => make("li", {},
      data("b", each.by), " ",
      data("span", saidIn(each)), " ",
      make("time", {datetime: each.at, class: "soft", text: time(each.at)}), " ",
      each.is_stale ? make("em", {text: say("stale")}) : null,
      each.why ? data("q", each.why) : null))));
}

export function saidIn({decision, labels}) {
  const label = labels.join(", ");
  if (decision === "map_label") return label ? say("saved.map_label", {label}) : say("saved.map_nothing");
  return say(`saved.${decision}`, {label});
}

function members(row, page, act) {
  if (!row.members.length) return null;
  const names = {conflicts: "together", unknown_labels: "together_value"};
  const more = row.scope - 1 - row.members.length;
  const shown = block(say(names[page.wanted.queue] ?? "together_near"), row.members, act, more);
  shown.classList.add("together");
  return shown;
}

const twinsOf = (row, act) => (row.twins.length ? block(say("twins"), row.twins, act) : null);

const dialogue = (row, act) =>
  (row.neighbours.length ? block(say("dialogue"), row.neighbours, act, 0, row.row) : null);

function block(title, rows, act, more = 0, here = null) {
  return make("section", {class: "block"}, make("h3", {text: title}),
    make("ul", {class: "lines"}, ...rows.map((each) => line(each, act, each.row === here))),
    more > 0 ? make("p", {class: "soft", text: say("more", {n: number(more)})}) : null);
}

// A row in a list: text and label, and where it stands.
export function line(each, act, isHere = false) {
  const split = each.reason ? "rejects" : each.split;
  return make("li", {class: `${isHere ? "here" : ""}${each.is_decided ? " done" : ""}`},
    make("button", {type: "button", "aria-current": isHere ? "true" : null, onclick: () => act.open(each)},
      data("span", each.text, {class: "said"}),
      data("b", each.label ?? each.votes ?? "–", {class: "label"}),
      make("span", {class: "soft", text: [each.source, say(`splits.${split}`) || split].join(" · ")})));
}
