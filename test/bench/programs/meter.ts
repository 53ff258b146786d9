/** What a process says of itself, in bytes. */
export interface Measure {
  rss: number;
  /** Reachable objects and what they hold outside the heap: the garbage was collected just before. */
  used: number;
  sessions?: number;
}

/** Answers each SIGUSR2 with a line on stderr. The process must have been started with `--expose-gc`. */
export function answerMeasures(more: () => Partial<Measure>): void {
  process.on("SIGUSR2", () => {
    globalThis.gc?.();
    // What the first collection finalises is free for the second.
    setImmediate(() => {
      globalThis.gc?.();
      const { rss, heapUsed, external } = process.memoryUsage();
      const measure: Measure = { rss, used: heapUsed + external, ...more() };
      process.stderr.write(`measure ${JSON.stringify(measure)}\n`);
    });
  });
}
