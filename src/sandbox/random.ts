export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [0, limit). */
  below(limit: number): number;
  pick<T>(list: readonly T[]): T;
  /** True with this probability, 0 to 1. */
  chance(probability: number): boolean;
  hex(length: number): string;
  uuid(): string;
  /** A seed with which another generator continues from here. */
  state(): number;
}

/** mulberry32: small, fast and the same on every machine. Not for secrets. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
  function below(limit: number): number {
    return Math.floor(next() * limit);
  }
  function hex(length: number): string {
    return Array.from({ length }, () => below(16).toString(16)).join("");
  }
  return {
    next,
    state: () => state,
    below,
    hex,
    chance: (probability) => next() < probability,
    pick(list) {
      const chosen = list[below(list.length)];
      if (chosen === undefined) throw new RangeError("Cannot pick from an empty list.");
      return chosen;
    },
    uuid: () =>
      `${hex(8)}-${hex(4)}-4${hex(3)}-${["8", "9", "a", "b"][below(4)]}${hex(3)}-${hex(12)}`,
  };
}
