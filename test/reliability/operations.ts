import type { Sandbox } from "../../src/sandbox/app.ts";
import { people, type Reply, rowsByOutcome, withEmail } from "../support/writes.ts";
import type { Aim } from "./upstream-faults.ts";

const module = "Contacts";

/** A call, the request of it that a fault strikes, and what the call did to the store. */
export interface Operation {
  name: string;
  tool: string;
  args: Reply;
  aim: Aim;
  /** How many times each row was carried out in the store; empty for a read. */
  effects(): number[];
  /** The arguments for some of the rows only, counted from 0. */
  only(rows: readonly number[]): Reply;
}

function contacts(sandbox: Sandbox) {
  return sandbox.store.records(module);
}

/** Three reads, each of one request if nothing is in the way. */
export function reads(sandbox: Sandbox): Operation[] {
  const [id = ""] = contacts(sandbox).keys();
  const common = { effects: () => [], only: () => ({}) };
  const get = (path: RegExp): Aim => ({ method: "GET", path, skip: 0 });
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
      args: { module, email: withEmail(sandbox)["Email"] },
      aim: get(/\/Contacts\/search$/),
      ...common,
    },
  ];
}

/** Four writes of `count` rows, one request per hundred rows. The fault strikes after `skip` such requests. */
export function writes(sandbox: Sandbox, count: number, skip: number): Operation[] {
  const aim = (method: string, path = /\/Contacts$/): Aim => ({ method, path, skip });
  const known = [...contacts(sandbox).keys()].slice(0, count);
  const title = "Moved by the test";
  const added = people(count, "Added");
  const upserted = people(count, "Upserted").map((one, at) => ({
    ...one,
    Email: `u${at}@test.example`,
  }));
  const changes = known.map((id) => ({ id, Title: title }));
  const some = (records: readonly object[]) => (rows: readonly number[]) => ({
    module,
    records: rows.map((row) => records[row]),
  });
  const countNames = (rows: readonly { Last_Name: string }[]) => {
    const counts = new Map<unknown, number>();
    for (const { Last_Name: name } of contacts(sandbox).values())
      counts.set(name, (counts.get(name) ?? 0) + 1);
    return rows.map(({ Last_Name }) => counts.get(Last_Name) ?? 0);
  };
  const writing = (
    name: string,
    aimed: Aim,
    only: Operation["only"],
    effects: () => number[],
  ): Operation => ({
    name,
    tool: `bigin_${name}_records`,
    args: only([...known.keys()]),
    aim: aimed,
    only,
    effects,
  });
  return [
    writing("create", aim("POST"), some(added), () => countNames(added)),
    writing("update", aim("PUT"), some(changes), () =>
      known.map((id) => (contacts(sandbox).get(id)?.["Title"] === title ? 1 : 0)),
    ),
    writing("upsert", aim("POST", /\/Contacts\/upsert$/), some(upserted), () =>
      countNames(upserted),
    ),
    writing(
      "delete",
      aim("DELETE"),
      (rows) => ({ module, ids: rows.map((row) => known[row]) }),
      () => known.map((id) => (contacts(sandbox).has(id) ? 0 : 1)),
    ),
  ];
}

/** What a call returned: its reply, or the text of its failure. */
export interface Result {
  reply?: Reply | undefined;
  failure?: string | undefined;
}

/** The outcome that is reported for each row. */
export function claims({ reply, failure }: Result, rows: number): string[] {
  if (reply) {
    const found: string[] = [];
    for (const [outcome, numbers] of Object.entries(rowsByOutcome(reply)))
      for (const number of numbers) found[number - 1] = outcome;
    return Array.from({ length: rows }, (_, at) => found[at] ?? "missing");
  }
  const isInDoubt = failure?.includes("may have been carried out");
  return Array.from({ length: rows }, () => (isInDoubt ? "unknown" : "not_sent"));
}
