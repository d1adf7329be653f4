// A map that forgets what has not been asked for lately, so that it never grows beyond its bound.

export class BoundedCache {
  #bound;
  #young = new Map();
  #old = new Map();

  /** @param {number} bound how many entries are kept at least; twice as many at most */
  constructor(bound) {
    this.#bound = bound;
  }

  get(key) {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const older = this.#old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  /** `undefined` is no value. */
  set(key, value) {
    if (this.#young.size >= this.#bound) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
