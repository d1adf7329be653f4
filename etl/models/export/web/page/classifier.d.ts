/** What a model says of a text. */
export interface Answer {
  /** The most probable label, or all of a set joined by commas; null where there is a `reason`. */
  label: string | null;
  /** The same as a list. */
  labels: string[];
  /** The highest probability of a label, 0 to 1; null where there is a `reason`. */
  probability: number | null;
  /** Of all labels, in the order of the model's; empty where there is a `reason`. */
  probabilities: Record<string, number>;
  /** All tokens in their order. */
  tokens: Token[];
  /** The text as it was cleaned. */
  text: string;
  /** Null, or why the text has no label: `empty_text`, `text_too_long`, `no_key_tokens` or `tagger_error`. */
  reason: string | null;
}

export interface Token {
  token: string;
  /** Its part of speech, in the tag set of the tagger. */
  tag: string;
  /** Whether the model reads it. */
  isKept: boolean;
  /** Whether the model knows it. */
  isKnown: boolean;
}

/** Classifies one sentence. Throws a TypeError if it is no string. */
export function classify(text: string): Answer;

/** Cleans and tags one sentence, and makes the ids that the model takes. */
export function encode(text: string): {
  text: string;
  reason: string | null;
  tokens: Omit<Token, "isKnown">[];
  ids: number[];
};

/** The labels, in the order of the model's outputs. */
export const labels: string[];
