import type { Sandbox } from "../../src/sandbox/app.ts";
import { results } from "../support/replies.ts";
import type { Answer } from "./clients.ts";

/** What a reply says about a write. */
type Claim = "done" | "not done" | "in doubt";

interface Entry {
  /** How many records of this name may exist. */
  count: Set<number>;
  titles: Set<unknown>;
  id?: string | undefined;
}

const prefix = "Soak ";

/** What the replies said about every record that the agents wrote, to be compared with the store. */
export interface Ledger {
  created(name: string, title: string | null, answer: Answer): string | undefined;
  titled(name: string, title: string, answer: Answer): void;
  deleted(name: string, answer: Answer): void;
  writes(): number;
  inDoubt(): number;
  /** A sentence for each record that is lost, exists twice, or differs from what was reported. */
  mistakes(sandbox: Sandbox): string[];
}

export function createLedger(): Ledger {
  const entries = new Map<string, Entry>();
  const counts = { writes: 0, doubts: 0 };
  const note = (answer: Answer): Claim => {
    const claim = claimOf(answer);
    counts.writes += 1;
    if (claim === "in doubt") counts.doubts += 1;
    return claim;
  };
  const entryOf = (name: string) => {
    const entry = entries.get(name) ?? { count: new Set([0]), titles: new Set([null]) };
    entries.set(name, entry);
    return entry;
  };
  return {
    created(name, title, answer) {
      const entry = entryOf(name);
      entry.titles = new Set([title]);
      settle(entry.count, 1, note(answer));
      entry.id = idIn(answer);
      return entry.id;
    },
    titled: (name, title, answer) => settle(entryOf(name).titles, title, note(answer)),
    deleted: (name, answer) => settle(entryOf(name).count, 0, note(answer)),
    writes: () => counts.writes,
    inDoubt: () => counts.doubts,
    mistakes(sandbox) {
      const there = new Map<string, { id: string; title: unknown }[]>();
      for (const [id, record] of sandbox.store.records("Contacts")) {
        const name = String(record["Last_Name"]);
        if (!name.startsWith(prefix)) continue;
        there.set(name, [...(there.get(name) ?? []), { id, title: record["Title"] ?? null }]);
      }
      const strange = [...there.keys()].filter((name) => !entries.has(name));
      return [
        ...strange.map((name) => `${name} exists, and no agent wrote it`),
        ...[...entries].flatMap(([name, entry]) => mistakesIn(name, entry, there.get(name) ?? [])),
      ];
    },
  };
}

export function nameOf(client: number, call: number): string {
  return `${prefix}${client}-${call}`;
}

function mistakesIn(name: string, entry: Entry, there: { id: string; title: unknown }[]): string[] {
  if (!entry.count.has(there.length))
    return [`${name} exists ${there.length} times, and was reported ${[...entry.count]} times`];
  const [record] = there;
  if (record && !entry.titles.has(record.title))
    return [`${name} has the title ${record.title}, and was reported with ${[...entry.titles]}`];
  if (record && entry.id && record.id !== entry.id)
    return [`${name} has the id ${record.id}, and was reported with ${entry.id}`];
  return [];
}

/** The states that are possible after a write: the new one if it was done, both if it is in doubt. */
function settle<T>(possible: Set<T>, value: T, claim: Claim): void {
  if (claim === "done") possible.clear();
  if (claim !== "not done") possible.add(value);
}

function claimOf({ failed, text, reply }: Answer): Claim {
  if (failed) return text.includes("may have been carried out") ? "in doubt" : "not done";
  const [row] = "results" in reply ? results(reply) : [];
  if (row?.outcome === "unknown") return "in doubt";
  return ["created", "updated", "unchanged", "deleted"].includes(row?.outcome ?? "")
    ? "done"
    : "not done";
}

function idIn({ failed, reply }: Answer): string | undefined {
  return failed || !("results" in reply) ? undefined : results(reply)[0]?.id;
}
