import { expect } from "vitest";
import type { Fault } from "../../src/sandbox/app.ts";
import type { connect } from "../support/connect.ts";
import { lasting } from "../support/simulated-time.ts";
import { people, type Reply, record, status } from "../support/writes.ts";

/** A request that another one does not depend on, and a call that makes it. */
interface SideRequest {
  name: string;
  path: RegExp;
  call: string;
  tool: string;
  args: Reply;
  /** True if only a refusal is passed over: a write is not sent while its records can be read again a moment later. */
  refusalOnly?: true;
}

type Connected = Awaited<ReturnType<typeof connect>>;

const stage = { Deal_Name: "Probe", Sub_Pipeline: "Renewals", Stage: "Quote Sent" };
const named = [{ field: "last name", op: "is_not_empty" }];
const everyTime = [{ field: "created time", op: "between", value: "2000-01-01,2100-01-01" }];

function sideRequests({ sandbox }: Connected): SideRequest[] {
  const ids = [0, 1].map((at) => record(sandbox, "Contacts", at).id);
  const tool = "bigin_search_records";
  return [
    {
      name: "time zone: `GET org`, `GET users`",
      path: /\/(org|users)$/,
      call: "search by date",
      tool,
      args: { module: "Contacts", filters: everyTime, fields: ["Created_Time"], per_page: 1 },
    },
    {
      name: "fields: `GET settings/fields`",
      path: /settings\/fields$/,
      call: "list",
      tool: "bigin_list_records",
      args: { module: "Contacts", per_page: 1 },
    },
    {
      name: "total: `GET Contacts/actions/count`",
      path: /actions\/count$/,
      call: "list",
      tool: "bigin_list_records",
      args: { module: "Contacts", per_page: 1 },
    },
    {
      name: "team pipelines: `GET settings/layouts`",
      path: /settings\/layouts$/,
      call: "create a deal",
      tool: "bigin_create_records",
      args: { module: "deals", records: [stage] },
    },
    {
      name: "related lists: `GET settings/related_lists`",
      path: /settings\/related_lists$/,
      call: "describe",
      tool: "bigin_describe_module",
      args: { module: "Contacts" },
    },
    {
      name: "views: `GET settings/custom_views`",
      path: /settings\/custom_views$/,
      call: "describe",
      tool: "bigin_describe_module",
      args: { module: "Contacts" },
    },
    {
      name: "modules: `GET settings/modules`",
      path: /settings\/modules$/,
      call: "list companies",
      tool: "bigin_list_records",
      args: { module: "companies", per_page: 1 },
    },
    {
      name: "records before and after a write: `GET Contacts/{id}`, lists of ids",
      path: /\/Contacts(\/\d+)?$/,
      call: "update",
      tool: "bigin_update_records",
      args: { module: "Contacts", records: ids.map((id) => ({ id, Title: "Chair" })) },
      refusalOnly: true,
    },
    {
      name: "later pages of a search: `GET Contacts/search`",
      path: /\/Contacts\/search$/,
      call: "search of 224 contacts",
      tool,
      args: { module: "Contacts", filters: everyTime, fields: ["Last_Name"], per_page: 1 },
    },
    {
      name: "later pages of a list: `GET Contacts`",
      path: /\/Contacts$/,
      call: "search of 224 contacts that is filtered here",
      tool,
      args: { module: "Contacts", filters: named, fields: ["Last_Name"], per_page: 1 },
    },
  ];
}

const refused: Fault["does"] = status(403, {
  code: "NO_PERMISSION",
  message: "permission denied",
  details: {},
  status: "error",
});
const faults: readonly [name: string, does: Fault["does"]][] = [
  ["refused (403)", refused],
  ["403 without a code", status(403, {})],
  ["404 without a code", status(404, { hello: "there" })],
  ["500", status(500, "Internal Server Error")],
  ["JSON of another shape", status(200, { hello: [] })],
  ["no response", { kind: "hang" }],
];
const refusals = 3;

const callMs = 50_000;

/** The parts of a reply that say what is missing in it. */
const remarks = ["times", "not_checked", "complete", "note", "notes", "total"];

/** The table of side requests: each is struck by each fault, and the call must succeed all the same. */
export async function sideTable(start: () => Promise<Connected>): Promise<string> {
  const faultsBy = new Map<string, string[]>();
  for (const side of sideRequests(await start()))
    for (const [fault, does] of side.refusalOnly ? faults.slice(0, refusals) : faults) {
      const said = await struck(await start(), side, does);
      const row = `| ${side.name} | ${side.call} | FAULT | ${said} |`;
      faultsBy.set(row, [...(faultsBy.get(row) ?? []), fault]);
    }
  // Faults with the same reply share a row.
  const rows = [...faultsBy].map(([row, alike]) =>
    row.replace("FAULT", () => (alike.length === faults.length ? "any" : alike.join(", "))),
  );
  return ["| Side request | Call | Fault | The reply says |", "|---|---|---|---|", ...rows].join(
    "\n",
  );
}

/** What the reply says although the side request fails. */
async function struck(
  { call: seed, sandbox, restart }: Connected,
  { name, path, tool, args }: SideRequest,
  does: Fault["does"],
): Promise<string> {
  await seed.create("Contacts", people(60, "Extra"));
  // The program is started anew, so that it has learnt nothing yet.
  const { call } = await restart();
  const skip = name.startsWith("later") ? 1 : 0;
  sandbox.addFault({ method: "GET", path, times: 1_000, skip, does });
  const { value: reply, ms } = await lasting(call(tool, args));
  expect(ms, name).toBeLessThan(callMs);
  const label = `${name}: ${JSON.stringify(reply).slice(0, 400)}`;
  expect(reply["rows"] ?? reply["done"] ?? reply["fields"], label).toBeTruthy();
  const said = remarks.filter((remark) => remark in reply);
  return said.map((remark) => `\`${remark}\`: ${text(reply[remark])}`).join("; ") || "no `total`";
}

function text(value: unknown): string {
  return Array.isArray(value) ? value.join("; ") : String(value);
}
