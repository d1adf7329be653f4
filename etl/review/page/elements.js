// Makes elements. Whatever came from a dataset is set as text, so markup in it is shown as it was written.

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Words of a dataset: they may run from right to left, and turn nothing around them.
export const data = (tag, text, properties = {}) => make(tag, {...properties, text, dir: "auto"});

export const key = (name) => make("kbd", {text: name, "aria-hidden": "true"});

export function button(text, name, properties = {}) {
  return make("button", {type: "button", "aria-keyshortcuts": name, ...properties},
    key(name === "Enter" ? "↵" : name), make("span", {text}));
}

export function choice(name, label, values, chosen, onchange) {
  const select = make("select", {id: name, onchange: () => onchange(select.value)});
  for (const [value, text] of values) select.append(make("option", {value, text, selected: value === chosen}));
  select.value = chosen;
  return make("label", {class: `choice ${name}`, for: name}, make("span", {text: label}), select);
}

export function bar(share, says) {
  const full = make("progress", {max: 1, value: share, "aria-label": says});
  return full;
}
