/** The memory of a process, in bytes. */
export interface Measure {
  rss: number;
  /** Reachable objects, and their memory outside the heap. Garbage was collected before. */
  used: number;
  sessions?: number;
}

/** Writes a line to stderr on each SIGUSR2. The process must have been started with `--expose-gc`. */
export function answerMeasures(more: () => Partial<Measure>): void {
  process.on("SIGUSR2", () => {
    globalThis.gc?.();
    // The second collection frees what the first one finalised.
    setImmediate(() => {
      globalThis.gc?.();
      const { rss, heapUsed, external } = process.memoryUsage();
      const measure: Measure = { rss, used: heapUsed + external, ...more() };
      process.stderr.write(`measure ${JSON.stringify(measure)}\n`);
    });
  });
}
