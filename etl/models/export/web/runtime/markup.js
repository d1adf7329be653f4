// Takes HTML out of a sentence, as etl/text/markup.py does.

import { compiled } from "./text.js";

const replacementCharacter = "\ufffd";
const numberedEntity = /^#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?/;

/**
 * @param {any} config `clean.markup` of the pack
 * @returns {(text: string) => string}
 */
export function openMarkupRemover(config) {
  const mayHold = compiled(config.may_hold);
  let rules = null; // most texts hold none

  return function removeMarkup(text) {
    if (!mayHold.test(text)) return text;
    rules ??= new MarkupRules(config);
    let cleaned = text;
    for (let pass = 0; pass < config.max_passes; pass += 1) {
      const before = cleaned;
      cleaned = rules.removeOnce(cleaned);
      if (cleaned === before) return cleaned;
      cleaned = cleaned.normalize("NFC");
    }
    return text;
  };
}

class MarkupRules {
  constructor(config) {
    this.markup = compiled(config.markup, "g");
    this.hasAttribute = compiled(config.has_attribute);
    this.escaped = compiled(config.escaped);
    this.plain = compiled(config.plain);
    this.tags = compiled(config.tags);
    this.breaks = compiled(config.breaks);
    this.entities = new Map(Object.entries(config.entities));
    this.references = new Map(Object.entries(config.references));
  }

  removeOnce(text) {
    const ended = new Set();
    for (const { groups } of text.matchAll(this.markup)) {
      if (groups.tag && groups.end) ended.add(groups.tag.toLowerCase());
    }
    return text.replace(this.markup, (...found) => this.#replacement(found[0], found.at(-1), ended));
  }

  #replacement(found, groups, ended) {
    if (groups.entity) return this.#character(groups.entity) || found;
    if (groups.tag === undefined) return "";
    const tag = groups.tag.toLowerCase();
    const isPlain =
      this.plain.test(tag) || groups.end || ended.has(tag) || this.hasAttribute.test(groups.attributes ?? "");
    if (!isPlain || !this.tags.test(tag)) return found;
    return this.breaks.test(tag) ? "\n" : "";
  }

  /** The character of an entity; "" where there is none. */
  #character(entity) {
    const name = entity.replace(this.escaped, "");
    if (!name.startsWith("#")) return this.entities.get(name) ?? "";
    const found = numberedEntity.exec(name);
    if (!found) return `&${name}`;
    const character = this.#numbered(found[1] ? parseInt(found[1], 16) : parseInt(found[2], 10));
    const characters = character + name.slice(found[0].length);
    return characters.includes(replacementCharacter) ? "" : characters;
  }

  #numbered(number) {
    const other = this.references.get(String(number));
    if (other !== undefined) return other;
    const isHalf = number >= 0xd800 && number <= 0xdfff;
    return isHalf || number > 0x10ffff ? replacementCharacter : String.fromCodePoint(number);
  }
}
