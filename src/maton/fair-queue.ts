import type { Queue, QueueAddOptions } from "p-queue";

type Run = () => Promise<unknown>;

export interface Waiting extends QueueAddOptions {
  /** Whose request it is: callers take turns, however many each has waiting. */
  caller?: string;
}

interface Entry {
  id: string | undefined;
  run: Run;
}

/** A queue in which callers take turns, each with its own requests in order. */
export class FairQueue implements Queue<Run, Waiting> {
  /** Callers in the order of their turns. */
  readonly #lines = new Map<string, Entry[]>();

  get size(): number {
    return [...this.#lines.values()].reduce((sum, line) => sum + line.length, 0);
  }

  enqueue(run: Run, { id, caller = "" }: Partial<Waiting> = {}): void {
    const line = this.#lines.get(caller);
    if (line) line.push({ id, run });
    else this.#lines.set(caller, [{ id, run }]);
  }

  dequeue(): Run | undefined {
    const [next] = this.#lines;
    if (!next) return undefined;
    const [caller, line] = next;
    const entry = line.shift();
    // Whoever was served goes behind all others.
    this.#lines.delete(caller);
    if (line.length > 0) this.#lines.set(caller, line);
    return entry?.run;
  }

  filter(): Run[] {
    return [...this.#lines.values()].flatMap((line) => line.map(({ run }) => run));
  }

  setPriority(): void {
    throw new Error("callers take turns; there is no other priority");
  }

  /** A request that was cancelled while it waited. */
  remove(id: string): void {
    for (const [caller, line] of this.#lines) {
      const at = line.findIndex((entry) => entry.id === id);
      if (at === -1) continue;
      line.splice(at, 1);
      if (line.length === 0) this.#lines.delete(caller);
      return;
    }
  }
}
