// Where Unicode has the syllables of Hangul: initial by initial, in each vowel by vowel, in each final by final.

export const firstSyllable = 0xac00;
export const lastSyllable = 0xd7a3;
export const firstJamo = 0x3131;
export const lastJamo = 0x318e;
export const firstVowel = 0x314f;
export const perInitial = 588;
export const perVowel = 28;

/** Whether a code unit is a syllable. */
export function isSyllable(code) {
  return code >= firstSyllable && code <= lastSyllable;
}

/** The numbers of the parts of a syllable. */
export function decomposed(code) {
  const number = code - firstSyllable;
  return {
    initial: (number / perInitial) | 0,
    vowel: ((number % perInitial) / perVowel) | 0,
    final: number % perVowel,
  };
}
