import type { Fault, Sandbox } from "../../src/sandbox/app.ts";
import type { connect } from "./connect.ts";
import { results } from "./replies.ts";

export type Connected = Awaited<ReturnType<typeof connect>>;
export type Reply = Record<string, unknown>;

/** What was sent that could change anything. */
export const writes = ({ sent }: Pick<Connected, "sent">) =>
  sent.filter(({ method, url }) => method !== "GET" && url.pathname.includes("/bigin/v2/"));

/** The rows of a request that was sent. */
export const payload = (request: { body: string } | undefined) =>
  (JSON.parse(request?.body ?? "{}") as { data?: Reply[] }).data;

export function record(sandbox: Sandbox, module: string, nth = 0) {
  const found = [...sandbox.store.records(module).values()][nth];
  if (!found) throw new Error(`the sandbox has no ${module}`);
  return found;
}

export const named = (sandbox: Sandbox, module: string, field: string, value: unknown) =>
  [...sandbox.store.records(module).values()].filter((one) => one[field] === value);

/** So many contacts, each with a name of its own. */
export const people = (count: number, name = "Probe") =>
  Array.from({ length: count }, (_, at) => ({ Last_Name: `${name} ${at + 1}` }));

/** Their last names in the store, with repetitions. */
export const namesLike = (sandbox: Sandbox, name: string) =>
  [...sandbox.store.records("Contacts").values()]
    .map((one) => String(one["Last_Name"]))
    .filter((text) => text.startsWith(`${name} `));

/** Strikes the writes of a module. */
export const onWrite = (module: string, does: Fault["does"], more: Partial<Fault> = {}): Fault => ({
  method: "POST",
  path: new RegExp(`/${module}$`),
  does,
  ...more,
});

/** An address somebody has already. */
export const takenEmail = (sandbox: Sandbox) =>
  [...sandbox.store.records("Contacts").values()].find((one) => one["Email"])?.["Email"];

export const status = (
  code: number,
  body: unknown,
  headers?: Record<string, string>,
): Fault["does"] => ({ kind: "status", status: code, body, ...(headers && { headers }) });

/** How many tokens of ours the rows of a reply stand for, however they are grouped: "1-100, 103" is 101. */
function rowsIn(text: unknown): number[] {
  return String(text)
    .split(", ")
    .flatMap((span) => {
      const [from = 0, to = from] = span.split("-").map(Number);
      return Array.from({ length: to - from + 1 }, (_, at) => from + at);
    });
}

/** Row numbers by outcome, from the lines and from the groups of a reply. */
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
