import { expect, test } from "vitest";
import { askAll } from "../bench/ask.ts";

// Seed 1 is asked by test/readme.test.ts.
test.each([{ seed: 2, renamed: true }, { seed: 3 }, { seed: 4, renamed: true }])(
  "eight everyday questions get the right answers within 6,000 tokens: %j",
  async (options) => {
    const answered = await askAll(options);
    for (const { name, answer, truth } of answered) expect(answer, name).toEqual(truth);
    expect(answered.reduce((sum, { ours }) => sum + ours.tokens, 0)).toBeLessThanOrEqual(6000);
    expect(answered.filter(({ truth }) => truth.length > 0).length).toBe(8);
  },
);
