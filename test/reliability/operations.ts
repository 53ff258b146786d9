import type { Sandbox } from "../../src/sandbox/app.ts";
import { people, type Reply, rowsByOutcome, takenEmail } from "../support/writes.ts";
import type { Aim } from "./upstream-faults.ts";

const module = "Contacts";

/** What an agent asks for, which of its requests a fault strikes, and what can be seen of it in the store. */
export interface Operation {
  name: string;
  tool: string;
  args: Reply;
  aim: Aim;
  /** How often each row's wish is fulfilled in the store; empty for a read. */
  effects(): number[];
  /** Asks for some of the rows only, by their places. */
  only(rows: readonly number[]): Reply;
}

const contacts = (sandbox: Sandbox) => sandbox.store.records(module);

/** Where nothing is in the way each read sends one request and each write one for a hundred rows. */
export function reads(sandbox: Sandbox): Operation[] {
  const [id = ""] = contacts(sandbox).keys();
  const common = { effects: () => [], only: () => ({}) };
  const get = (path: RegExp): Aim => ({ method: "GET", path, skip: 0 });
  const email = takenEmail(sandbox);
  return [
    {
      name: "list",
      tool: "bigin_list_records",
      args: { module, per_page: 1 },
      aim: get(/\/Contacts$/),
      ...common,
    },
    {
      name: "get",
      tool: "bigin_get_record",
      args: { module, id },
      aim: get(/\/Contacts\/\d+$/),
      ...common,
    },
    {
      name: "search",
      tool: "bigin_search_records",
      args: { module, email },
      aim: get(/\/Contacts\/search$/),
      ...common,
    },
  ];
}

/** The four writes, of so many rows, with a fault at the request that follows `skip` others. */
export function writes(sandbox: Sandbox, count: number, skip: number): Operation[] {
  const aim = (method: string, path = /\/Contacts$/): Aim => ({ method, path, skip });
  const known = [...contacts(sandbox).keys()].slice(0, count);
  const moved = "Moved by the test";
  const isMoved = (id: string) => (contacts(sandbox).get(id)?.["Title"] === moved ? 1 : 0);
  const called = () => {
    const found = new Map<unknown, number>();
    for (const one of contacts(sandbox).values())
      found.set(one["Last_Name"], (found.get(one["Last_Name"]) ?? 0) + 1);
    return ({ Last_Name }: { Last_Name: string }) => found.get(Last_Name) ?? 0;
  };
  const some = (records: readonly object[]) => (rows: readonly number[]) => ({
    module,
    records: rows.map((row) => records[row]),
  });
  const added = people(count, "Added");
  const upserted = people(count, "Upserted").map((one, at) => ({
    ...one,
    Email: `u${at}@test.example`,
  }));
  const changes = known.map((id) => ({ id, Title: moved }));
  const all = known.map((_, at) => at);
  const writing = (
    name: string,
    aimed: Aim,
    only: Operation["only"],
    effects: () => number[],
  ): Operation => ({
    name,
    tool: `bigin_${name}_records`,
    args: only(all),
    aim: aimed,
    only,
    effects,
  });
  return [
    writing("create", aim("POST"), some(added), () => added.map(called())),
    writing("update", aim("PUT"), some(changes), () => known.map(isMoved)),
    writing("upsert", aim("POST", /\/Contacts\/upsert$/), some(upserted), () =>
      upserted.map(called()),
    ),
    writing(
      "delete",
      aim("DELETE"),
      (rows) => ({ module, ids: rows.map((row) => known[row]) }),
      () => known.map((id) => (contacts(sandbox).has(id) ? 0 : 1)),
    ),
  ];
}

export interface Told {
  reply?: Reply | undefined;
  failure?: string | undefined;
}

/** What is said to have become of each row: its outcome. */
export function claims({ reply, failure }: Told, rows: number): string[] {
  if (reply) {
    const found: string[] = [];
    for (const [outcome, places] of Object.entries(rowsByOutcome(reply)))
      for (const place of places) found[place - 1] = outcome;
    return Array.from({ length: rows }, (_, at) => found[at] ?? "untold");
  }
  const isInDoubt = failure?.includes("may have been carried out");
  return Array.from({ length: rows }, () => (isInDoubt ? "unknown" : "not_sent"));
}
