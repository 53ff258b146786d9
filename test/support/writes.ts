import type { Fault, Sandbox } from "../../src/sandbox/app.ts";
import type { StoredRecord } from "../../src/sandbox/store.ts";
import type { connect } from "./connect.ts";
import { results } from "./replies.ts";

export type Connected = Awaited<ReturnType<typeof connect>>;
export type Reply = Record<string, unknown>;

/** The requests to Bigin that could change something. */
export function writes({ sent }: Pick<Connected, "sent">): Connected["sent"] {
  return sent.filter(({ method, url }) => method !== "GET" && url.pathname.includes("/bigin/v2/"));
}

/** The rows of a request. */
export function payload(request: { body: string } | undefined): Reply[] | undefined {
  return (JSON.parse(request?.body ?? "{}") as { data?: Reply[] }).data;
}

/** The records of the sandbox, in the order of creation. */
export function recordsIn({ store }: Sandbox, module: string): StoredRecord[] {
  return [...store.records(module).values()];
}

/** A record of the sandbox. Throws if the module has none. */
export function record(sandbox: Sandbox, module: string, nth = 0) {
  const found = recordsIn(sandbox, module)[nth];
  if (!found) throw new Error(`the sandbox has no ${module}`);
  return found;
}

/** The records of the sandbox with this value in a field. */
export function named(sandbox: Sandbox, module: string, field: string, value: unknown) {
  return recordsIn(sandbox, module).filter((one) => one[field] === value);
}

/** Rows for this many contacts, each with another last name. */
export function people(count: number, name = "Probe"): { Last_Name: string }[] {
  return Array.from({ length: count }, (_, at) => ({ Last_Name: `${name} ${at + 1}` }));
}

/** The last names in the store that `people` gave, with repetitions. */
export function namesLike(sandbox: Sandbox, name: string): string[] {
  return recordsIn(sandbox, "Contacts")
    .map((one) => String(one["Last_Name"]))
    .filter((text) => text.startsWith(`${name} `));
}

/** A fault of the inserts into a module. */
export function onWrite(module: string, does: Fault["does"], more: Partial<Fault> = {}): Fault {
  return { method: "POST", path: new RegExp(`/${module}$`), does, ...more };
}

/** A contact of the sandbox that has an e-mail address. */
export function withEmail(sandbox: Sandbox): StoredRecord {
  const found = recordsIn(sandbox, "Contacts").find((one) => one["Email"]);
  if (!found) throw new Error("no contact of the sandbox has an e-mail address");
  return found;
}

/** A fault that is a response with this status and body. */
export function status(
  code: number,
  body: unknown,
  headers?: Record<string, string>,
): Fault["does"] {
  return { kind: "status", status: code, body, ...(headers && { headers }) };
}

/** The row numbers in a group: "1-3, 7" is 1, 2, 3, 7. */
function rowsIn(text: unknown): number[] {
  return String(text)
    .split(", ")
    .flatMap((span) => {
      const [from = 0, to = from] = span.split("-").map(Number);
      return Array.from({ length: to - from + 1 }, (_, at) => from + at);
    });
}

/** Row numbers by outcome, from the single rows and from the groups of a reply. */
export function rowsByOutcome(reply: Reply): Record<string, number[]> {
  const groups = (reply["ids"] ?? []) as Reply[];
  const all = [
    ...results(reply).map(({ row, outcome }) => [String(outcome), [Number(row)]] as const),
    ...groups.map(({ rows, outcome }) => [String(outcome), rowsIn(rows)] as const),
  ];
  const found: Record<string, number[]> = {};
  for (const [outcome, rows] of all)
    found[outcome] = [...(found[outcome] ?? []), ...rows].toSorted((a, b) => a - b);
  return found;
}

/** Changes each item in one part of the responses to some paths. */
export function mapping(paths: RegExp, part: string, change: (item: Reply) => Reply) {
  return (path: string, body: Reply): Reply => {
    const { [part]: items } = body;
    return paths.test(path) && Array.isArray(items) ? { ...body, [part]: items.map(change) } : body;
  };
}

/** The id of the first connection of the sandbox with this status. */
export function connectionIn({ store }: Sandbox, status: string): string {
  const found = [...store.connections()].find(([, one]) => one.status === status);
  if (!found) throw new Error(`the sandbox has no ${status} connection`);
  return found[0];
}
