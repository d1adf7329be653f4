// Syllables of Hangul in Unicode: initial by initial, in each vowel by vowel, in each final by final, none first.

export const firstSyllable = 0xac00;
export const lastSyllable = 0xd7a3;
export const perOnset = 588;
export const perVowel = 28;
