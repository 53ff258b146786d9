import type { Fault, Sandbox } from "../../src/sandbox/app.ts";

const page = "<html><body>Bad gateway</body></html>";
const quick: readonly Fault["does"][] = [
  { kind: "status", status: 429, body: { message: "Too many requests" } },
  { kind: "status", status: 502, body: page },
  { kind: "status", status: 503, body: page },
  { kind: "status", status: 500, body: "" },
  { kind: "reset" },
  { kind: "truncate" },
  { kind: "lost" },
];
/** With these a client waits until the product gives up. */
const slow: readonly Fault["does"][] = [{ kind: "hang" }, { kind: "stall" }];

/** A pattern that matches a share of all requests at random. The sandbox tests the pattern of a fault once per request. */
class Chance extends RegExp {
  asked = 0;
  struck = 0;
  #share: number;
  #random: () => number;

  constructor(share: number, random: () => number) {
    super(".*");
    this.#share = share;
    this.#random = random;
  }

  override test(): boolean {
    this.asked += 1;
    const strikes = this.#random() < this.#share;
    if (strikes) this.struck += 1;
    return strikes;
  }

  stop(): void {
    this.#share = 0;
  }
}

/** Makes a share of all requests fail, in every way; those that hang a tenth as often as the others. */
export function addRandomFaults(
  sandbox: Sandbox,
  share: number,
  { withSlow = false, seed = 1 } = {},
) {
  const random = createRandom(seed);
  const weighed = [
    ...quick.map((does) => ({ does, weight: 1 })),
    ...(withSlow ? slow.map((does) => ({ does, weight: 0.1 })) : []),
  ];
  const sum = weighed.reduce((total, { weight }) => total + weight, 0);
  const chances = weighed.map(({ does, weight }) => {
    const path = new Chance((share * weight) / sum, random);
    sandbox.addFault({ path, times: Number.POSITIVE_INFINITY, does });
    return path;
  });
  return {
    requests: () => chances[0]?.asked ?? 0,
    struck: () => chances.reduce((total, { struck }) => total + struck, 0),
    clear: () => {
      for (const chance of chances) chance.stop();
    },
  };
}

/** Mulberry32. The same seed and order of requests give the same faults. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
