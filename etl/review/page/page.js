// The page: what is wanted, what was answered, and what people do, by key or by button.
//
// A decision is sent, and the next row is asked for only when the server has it on disk.

import {helpDialog, nameDialog, showAudit, showFilters, showList, showQueues, showTop} from "./panels.js";
import {isAsGiven, LABEL_KEYS, saidIn, showRow} from "./row.js";
import {get, post} from "./server.js";
import {say, speak, switchLanguage} from "./words.js";

const POLL_MS = 1500;
const SEARCH_MS = 200;
const NO_FILTER = {source: "", label: "", split: "", reason: "", text: ""};
const KEPT_NAME = "etl-review-name";

const page = {chosen: new Set(), isForGroup: true, why: "", isFilterOpen: false,
  overview: {queues: [], people: {}, agreement: {}}, place: null};
let isBusy = false;
let isGone = false;
let turns = 0;
let searchTimer = 0;

const part = (id) => document.getElementById(id);
const fill = (id, elements) => part(id).replaceChildren(...elements.filter(Boolean));

async function begin() {
  const start = await get("start");
  for (const [name, meaning] of Object.entries(start.reasons)) start.words.en.reasons[name] ??= meaning;
  speak(start.words, start.language);
  Object.assign(page, {
    name: start.name, labels: start.labels, choices: start.choices, hasSets: start.has_sets,
    isReadOnly: start.is_read_only, byGroup: start.by_group, corrections: start.corrections,
    by: start.is_by_given ? start.by : localStorage.getItem(KEPT_NAME) ?? start.by, wanted: fromAddress(),
  });
  const isKnown = start.is_by_given || localStorage.getItem(KEPT_NAME) !== null || page.isReadOnly;
  document.title = `${say("title")}: ${start.name}`;
  await refresh();
  if (!page.wanted.queue) page.wanted.queue = firstQueue();
  if (page.isReadOnly) page.wanted.state = "all";
  await find({row: page.wanted.row});
  showAll();
  if (!isKnown) act.askName();
  setInterval(poll, POLL_MS);
}

// The first queue that holds rows nobody has decided on.
function firstQueue() {
  const left = page.overview.queues.find((queue) => queue.rows && queue.decided < queue.rows);
  return left?.name ?? "all";
}

function fromAddress() {
  const said = new URLSearchParams(location.hash.slice(1));
  const filter = Object.fromEntries(Object.keys(NO_FILTER).map((name) => [name, said.get(name) ?? ""]));
  const row = said.has("row") ? Number(said.get("row")) : null;
  return {queue: said.get("queue") ?? "", state: said.get("state") ?? "open", filter, rank: 0, step: 0, row};
}

function keepInAddress() {
  const {queue, state, filter} = page.wanted;
  const set = Object.entries({queue, state, ...filter, row: page.place?.row?.row ?? ""});
  const said = new URLSearchParams(set.filter(([, value]) => value !== ""));
  history.replaceState(null, "", `#${said}`);
}

// Asks for a row; `change` is what differs from what was wanted so far.
async function find(change) {
  const wanted = {...page.wanted, row: null, ...change};
  const place = await post("find", {...wanted, by: page.by});
  Object.assign(page, {place, why: "", chosen: new Set(place.row?.labels)});
  page.wanted = {...wanted, step: 0, row: null, rank: place.rank ?? wanted.rank};
  keepInAddress();
}

function fillQueues() {
  fill("queues", showQueues(page, act));
  // On a phone they stand in a row that is wider than the screen.
  const list = part("queues").querySelector(".queues");
  const here = list?.querySelector(".here");
  if (here) list.scrollLeft = here.offsetLeft - list.offsetLeft - 16;
}

function showAll() {
  fill("top", showTop(page, act));
  fillQueues();
  fill("filters", showFilters(page, act));
  showPlace();
}

function showPlace() {
  fill("row", showRow(page.place, page, act));
  fill("list", showList(page.place, act));
  showSample();
}

async function showSample() {
  const isAudit = page.wanted.queue === "audit";
  fill("audit", isAudit ? showAudit(await get("audit")) : []);
}

function tell(text, isBad = false) {
  part("said").textContent = text;
  part("said").className = isBad ? "bad" : "";
}

// Decisions on texts that are not there any more would be lost.
function tellUnlessReplaced(text = "") {
  const isReplaced = page.overview.is_replaced;
  tell(isReplaced ? say("replaced") : text, isReplaced);
}

// One thing at a time: a key that is pressed before the next row is there was meant for no row.
async function once(task) {
  if (isBusy) return;
  isBusy = true;
  part("row").setAttribute("aria-busy", "true");
  try {
    await task();
  } catch (error) {
    tell(error instanceof TypeError ? say("gone") : say("failed_to_save", {why: error.message}), true);
  } finally {
    isBusy = false;
    part("row").removeAttribute("aria-busy");
    turns += 1;
    part("row").dataset.turns = turns;  // so that a test sees when a key was answered
  }
}

const goTo = (change) => once(async () => {
  await find(change);
  showPlace();
  fillQueues();
  part("text")?.focus({preventScroll: true});
});

const goAnew = (change) => once(async () => {
  await find({rank: 0, step: 0, ...change});
  fillQueues();
  fill("filters", showFilters(page, act));
  showPlace();
});

// Whether one label is chosen, for all rows of an unknown one.
const isValue = () => page.wanted.queue === "unknown_labels" && page.isForGroup;

const act = {
  choose(at) {
    const label = page.labels[at];
    if (label === undefined || !page.place.row) return;
    if (!page.hasSets || isValue()) return act.decide("relabel", [label]);
    if (!page.chosen.delete(label)) page.chosen.add(label);
    showPlace();
  },
  keep() {
    const {row} = page.place;
    if (!row || isValue()) return;
    if (page.hasSets) {
      if (page.chosen.size) return act.decide("relabel", [...page.chosen]);
      return row.labels.length ? tell(say("choose_set"), true) : act.decide("keep");
    }
    // Of a text with several labels the one on show is right, and the others are wrong.
    const isOfGroup = page.wanted.queue === "conflicts" && page.isForGroup && row.label;
    return isOfGroup ? act.decide("relabel", [row.label]) : act.decide("keep");
  },
  decide(decision, labels = []) {
    const {row} = page.place;
    const {why, by, isForGroup, wanted} = page;
    if (!row || page.isReadOnly || (decision === "note" && !why)) return;
    if (decision === "not_a_conflict" && wanted.queue !== "conflicts") return;
    const isOfGroup = isForGroup && page.byGroup.includes(wanted.queue) && decision !== "note";
    once(async () => {
      const sent = {row: row.row, queue: wanted.queue, decision, labels, by, why, is_for_group: isOfGroup};
      page.overview = await post("decide", sent);
      const isShown = decision === "note";
      await find(isShown ? {row: row.row} : {step: wanted.state === "open" ? 0 : 1});
      fillQueues();
      showPlace();
      tellUnlessReplaced(saidIn({decision, labels}));
      part("text")?.focus({preventScroll: true});
    });
  },
  undo() {
    if (page.isReadOnly) return;
    once(async () => {
      page.overview = await post("undo", {by: page.by});
      const {row} = page.overview;
      if (row !== null) await find({row});
      fillQueues();
      showPlace();
      tell(say(row === null ? "nothing_to_undo" : "undone"));
      part("text")?.focus({preventScroll: true});
    });
  },
  move: (step) => goTo({step}),
  open: (each) => goTo({row: each.row}),
  openQueue: (queue) => goAnew({queue, filter: {...NO_FILTER}}),
  nextQueue(step) {
    const names = page.overview.queues.map((queue) => queue.name);
    const at = names.indexOf(page.wanted.queue) + step;
    act.openQueue(names[(at + names.length) % names.length]);
  },
  filter: (filter) => goAnew({filter}),
  show: (state) => goAnew({state}),
  search(text) {
    clearTimeout(searchTimer);
    searchTimer = setTimeout(() => once(async () => {
      await find({rank: 0, step: 0, filter: {...page.wanted.filter, text}});
      showPlace();
    }), SEARCH_MS);
  },
  write: (text) => { page.why = text; },
  changeScope() {
    page.isForGroup = !page.isForGroup;
    showPlace();
  },
  foldFilters() {
    page.isFilterOpen = !page.isFilterOpen;
    fill("filters", showFilters(page, act));
  },
  switchLanguage() {
    switchLanguage();
    document.title = `${say("title")}: ${page.name}`;
    showAll();
  },
  askName: () => openDialog(nameDialog(page, (name) => {
    page.by = name;
    localStorage.setItem(KEPT_NAME, name);
    part("dialog").close();
    showAll();
  })),
  help: () => openDialog(helpDialog(() => part("dialog").close())),
};

function openDialog(elements) {
  fill("dialog", elements);
  part("dialog").showModal();
}

function search() {
  if (!page.isFilterOpen) act.foldFilters();
  part("search").focus();
}

// The key that was meant, also where a Korean keyboard is on and `d` would be ㅇ.
function meant(event) {
  if (/^[a-z0-9?/]$/i.test(event.key)) return event.key.toLowerCase();
  if (event.key === "Enter") return "Enter";
  const named = /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(event.code);
  return named ? named[1].toLowerCase() : event.key;
}

const KEYS = {
  d: () => act.decide("drop"), c: () => act.decide("not_a_conflict"), u: act.undo, s: act.changeScope,
  j: () => act.move(1), k: () => act.move(-1), Enter: act.keep, "?": act.help,
  n: () => part("why")?.focus(), "/": search, "[": () => act.nextQueue(-1), "]": () => act.nextQueue(1),
};

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || part("dialog").open) return;
  if (target.matches("input, select, textarea")) {
    if (event.key === "Escape") part("text")?.focus();
    if (event.key === "Enter" && target.id === "why" && !event.isComposing) part("text")?.focus();
    if (event.key === "Enter" && target.id === "search") part("text")?.focus();
    return;
  }
  const name = meant(event);
  if (name === "Enter" && target.matches("button, a")) return;
  // A key that is held down decides once; it may go on moving.
  if (event.repeat && !"jk".includes(name)) return;
  const at = LABEL_KEYS.indexOf(name);
  const does = KEYS[name] ?? (at >= 0 && at < page.labels?.length && !page.isReadOnly ? () => act.choose(at) : null);
  if (!does) return;
  event.preventDefault();
  does();
});

async function refresh() {
  const before = JSON.stringify(page.overview.version);
  page.overview = await get("overview");
  return JSON.stringify(page.overview.version) !== before;
}

// Others decide, too, and queues become ready.
async function poll() {
  if (isBusy || document.hidden) return;
  try {
    const isChanged = await refresh();
    if (page.overview.is_replaced) tellUnlessReplaced();
    if (!isChanged) return;
    isGone = false;
    fillQueues();
    if (page.place?.state === "working" && !isBusy) await goTo({});
    else if (!isBusy) await showAgain();
  } catch (error) {
    if (!isGone) tell(error instanceof TypeError ? say("gone") : error.message, true);
    isGone = true;
  }
}

// The same row, with what others have decided meanwhile. It waits for no key, and gives way to any.
async function showAgain() {
  const {wanted, place} = page;
  const row = place?.row?.row;
  if (row === undefined || document.activeElement?.id === "why") return;
  const answer = await post("find", {...wanted, row, by: page.by});
  if (isBusy || page.wanted !== wanted || page.place !== place || page.why || !isAsGiven(place.row, page)) return;
  const focus = document.activeElement?.id;
  page.place = answer;
  showPlace();
  if (focus) part(focus)?.focus({preventScroll: true});
}

begin();
