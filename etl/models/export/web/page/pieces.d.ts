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
  /** The word pieces of the text in their order; a word that has none stands as a whole. */
  tokens: Token[];
  /** The text as it was cleaned. */
  text: string;
  /** Null, or why the text has no label: `empty_text` or `text_too_long`. */
  reason: string | null;
}

export interface Token {
  token: string;
  /** Empty: a word piece has no part of speech. */
  tag: string;
  /** Whether the model reads it: the last ones of a long text are cut off. */
  isKept: boolean;
  /** Whether it is made of pieces. */
  isKnown: boolean;
}

/** Classifies one sentence. Rejects with a TypeError if it is no string. */
export function classify(text: string): Promise<Answer>;

/** Cleans one sentence, and makes the ids that the model takes. */
export function encode(text: string): { text: string; reason: string | null; ids: number[] };

/** The labels, in the order of the model's outputs. */
export const labels: string[];
