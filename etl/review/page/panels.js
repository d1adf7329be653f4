// Shows what stands around the row: the head, the queues, the filters, the list, the audit, and the dialogs.

import {bar, button, choice, data, key, make} from "./elements.js";
import {line, whyNot} from "./row.js";
import {number, percent, say} from "./words.js";

const HELP = [["1–9", "digits"], ["↵", "enter"], ["d", "d"], ["c", "c"], ["u", "u"], ["j", "j"], ["k", "k"],
  ["s", "s"], ["n", "n"], ["[ ]", "brackets"], ["/", "slash"], ["?", "q"]];

export function showTop(page, act) {
  return [
    make("h1", {}, make("span", {class: "mark", "aria-hidden": "true"}), make("span", {text: say("title")}),
      data("b", page.name), page.isReadOnly ? make("em", {text: say("read_only")}) : null),
    make("div", {class: "tools"},
      page.isReadOnly ? null : make("button", {type: "button", "aria-label": `${say("change_name")}: ${page.by}`,
        onclick: () => act.askName()}, data("span", page.by || "–", {class: "who"})),
      make("button", {type: "button", text: say("language"), lang: say("language") === "English" ? "en" : "ko",
        onclick: () => act.switchLanguage()}),
      button(say("help"), "?", {onclick: () => act.help()})),
  ];
}

export function showQueues(page, act) {
  const list = page.overview.queues.map((queue) => {
    const isHere = queue.name === page.wanted.queue;
    const share = queue.rows ? queue.decided / queue.rows : 0;
    const told = queue.rows === null ? (queue.state === "missing" ? "–" : "…") : number(queue.rows);
    const values = {decided: number(queue.decided ?? 0), rows: number(queue.rows ?? 0)};
    const says = queue.rows === null ? whyNot(queue) : say("progress", values);
    return make("li", {class: `${isHere ? "here" : ""} ${queue.state}`},
      make("button", {type: "button", "aria-current": isHere ? "page" : null, title: says,
        onclick: () => act.openQueue(queue.name)},
      make("span", {text: say(`queue.${queue.name}`)}),
      make("span", {class: "n", text: told}),
      queue.rows ? bar(share, says) : null));
  });
  const people = Object.entries(page.overview.people);
  return [
    make("h2", {class: "quiet", text: say("queues")}),
    make("ul", {class: "queues"}, ...list),
    page.isReadOnly && !people.length ? null : make("div", {class: "people"},
      make("h2", {class: "quiet", text: say("people")}),
      people.length ? null : make("p", {class: "soft", text: say("nobody_yet")}),
      make("ul", {}, ...people.map(([name, n]) => make("li", {}, data("span", name),
        make("span", {class: "n", text: number(n), "aria-label": say("rows_decided", {n: number(n)})})))),
      ...agreement(page.overview.agreement),
      page.isReadOnly ? null : make("p", {class: "soft", text: say("saved_to", {file: page.corrections})})),
  ].filter(Boolean);
}

function agreement({shared, agreed, pairs}) {
  if (!shared) return [];
  const values = {shared: number(shared), agreed: number(agreed), share: percent(agreed / shared)};
  return [
    make("p", {class: "soft", text: say("agreement", values)}),
    make("p", {class: "soft", text: say("kappa_about")}),
    make("ul", {class: "kappa"}, ...pairs.map(({one, other, both, kappa}) => {
      const said = {n: number(both), kappa: kappa?.toFixed(2)};
      return make("li", {}, data("span", `${one} · ${other}`),
        make("span", {class: "n", text: say(kappa === null ? "kappa_none" : "kappa", said)}));
    }))];
}

export function showFilters(page, act) {
  const {filter, state} = page.wanted;
  const any = [["", say("any")]];
  const plain = (values) => [...any, ...values.map((value) => [value, value])];
  const named = (values, names) => [...any, ...values.map((value) => [value, say(`${names}.${value}`) || value])];
  const states = ["open", "not_mine", "decided", "disputed", "all"].map((name) => [name, say(`state.${name}`)]);
  const of = (name) => (value) => act.filter({...page.wanted.filter, [name]: value});
  const {source, label, split, reason} = page.choices;
  const chosen = Object.values(filter).filter(Boolean).length;
  return [
    make("p", {class: "about", text: say(`about.${page.wanted.queue}`)}),
    make("button", {type: "button", class: "fold", "aria-expanded": String(page.isFilterOpen), "aria-controls": "choices",
      text: chosen ? `${say("filter")} (${number(chosen)})` : say("filter"), onclick: () => act.foldFilters()}),
    make("div", {class: page.isFilterOpen ? "choices" : "choices folded", id: "choices"},
      make("label", {class: "choice wide", for: "search"}, make("span", {}, say("search"), " ", key("/")),
        make("input", {id: "search", type: "search", value: filter.text, autocomplete: "off",
          oninput: (event) => act.search(event.target.value)})),
      choice("state", say("show"), states, state, (value) => act.show(value)),
      source.length > 1 ? choice("source", say("source"), plain(source), filter.source, of("source")) : null,
      choice("label", say("label"), plain(label), filter.label, of("label")),
      choice("split", say("split"), named(split, "splits"), filter.split, of("split")),
      reason.length ? choice("reason", say("reason"), named(reason, "reasons"), filter.reason, of("reason")) : null),
  ];
}

export function showList(place, act) {
  if (!place.list.length) return [];
  return [
    make("h2", {class: "quiet", text: say("list")}),
    make("ul", {class: "lines"}, ...place.list.map((each) => line(each, act, each.row === place.row?.row))),
  ];
}

export function showAudit(shares) {
  const all = shares[0];
  if (!all) return [];
  const title = make("h2", {text: say("audit_title")});
  if (!all.judged) return [title, make("p", {class: "soft", text: say("audit_none")})];
  const interval = {least: percent(all.least), most: percent(all.most)};
  return [
    title,
    make("p", {class: "answer"}, make("b", {text: say("audit_wrong", {share: percent(all.wrong / all.judged)})}),
      " ", make("span", {text: say("audit_interval", interval)})),
    make("p", {class: "soft", text: say("audit_of", {judged: number(all.judged), rows: number(all.rows)})}),
    all.disputed ? make("p", {class: "soft", text: say("audit_disputed", {n: number(all.disputed)})}) : null,
    make("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": say("audit_title")},
      make("table", {}, make("thead", {}, make("tr", {},
        ...["audit_part", "audit_rows", "audit_bad", "audit_share"].map((name) =>
          make("th", {scope: "col", text: say(name)})))),
      make("tbody", {}, ...shares.map(auditLine)))),
  ].filter(Boolean);
}

function auditLine({kind, name, rows, judged, wrong, least, most}) {
  const share = judged ? `${percent(wrong / judged)} % (${percent(least)}–${percent(most)})` : "–";
  return make("tr", {class: kind},
    data("th", kind === "all" ? say("audit_all") : name || "–", {scope: "row"}),
    make("td", {class: "n", text: `${number(judged)} / ${number(rows)}`}),
    make("td", {class: "n", text: number(wrong)}),
    make("td", {class: "n", text: share}));
}

export function nameDialog(page, done) {
  const input = make("input", {id: "who", maxlength: 100, value: page.by, autocomplete: "off",
    onfocus: () => input.select(),  // what is typed takes the place of the proposal
    onkeydown: (event) => event.key === "Enter" && !event.isComposing && finish()});
  const finish = () => input.value.trim() && done(input.value.trim());
  return [
    make("h2", {text: say("who_title")}), make("p", {class: "soft", text: say("who_about")}),
    make("label", {for: "who"}, make("span", {text: say("who")}), input),
    make("button", {type: "button", class: "keep", text: say("begin"), onclick: finish}),
  ];
}

export function helpDialog(close) {
  return [
    make("h2", {text: say("help")}),
    make("dl", {class: "help"}, ...HELP.flatMap(([name, word]) =>
      [make("dt", {}, make("kbd", {text: name})), make("dd", {text: say(`keys.${word}`)})])),
    make("button", {type: "button", class: "keep", text: say("close"), onclick: close}),
  ];
}
