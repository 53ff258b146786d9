import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import type { Fault, SandboxOptions } from "../../src/sandbox/app.ts";
import { isObject } from "../../src/sandbox/schema.ts";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import { fault } from "../support/sandbox-client.ts";
import { keyOf } from "../support/secrets.ts";
import { probe } from "./probe.ts";

const key = keyOf("probe");
const contracts = ["documented", "engine"] as const;
const modules =
  "Contacts Accounts Pipelines Products Tasks Events Calls Notes Service_Contracts".split(" ");

async function ask(
  options: SandboxOptions & { env?: NodeJS.ProcessEnv; stopAt?: string },
  ...args: string[]
) {
  const { env = {}, stopAt, ...rest } = options;
  const { url, sandbox, close } = await serveSandbox({ port: 0, key, ...rest });
  onTestFinished(close);
  const stored = () =>
    modules.map((name) => [...sandbox.store.records(name).values()].map((one) => ({ ...one })));
  const before = stored();
  const stop = new AbortController();
  const lines: string[] = [];
  const print = (line: string) => {
    lines.push(line);
    if (stopAt && line.includes(stopAt)) stop.abort();
  };
  const surroundings = { print, signal: stop.signal, pauseMs: 0 };
  const code = await probe(args, { MATON_API_URL: url, MATON_API_KEY: key, ...env }, surroundings);
  return { code, report: lines.join("\n"), sandbox, before, after: stored() };
}

test("without a key, the program says so and ends with 1", async () => {
  const file = fileURLToPath(new URL("probe.ts", import.meta.url));
  const env = { PATH: process.env["PATH"] };
  const [code, out, err] = await new Promise<unknown[]>((resolve) => {
    execFile(process.execPath, ["--import", "tsx", file], { env }, (error, stdout, stderr) =>
      resolve([error?.code, stdout, stderr]),
    );
  });
  expect([code, out]).toEqual([1, ""]);
  expect(err).toMatch(/^[^\n]*MATON_API_KEY[^\n]*\n$/);
});

/** What the report must say, by contract. */
const readFindings = {
  documented: [
    "links: What_Id, Who_Id (absent: Contact_Name, Related_To)",
    "filled: $se_module, What_Id, Who_Id",
    "modules: Accounts, Pipelines",
    "module in $se_module: yes",
    "label: display_label",
    "layouts in use: all",
    "ids: honoured",
    "sort_by: honoured",
    "Owner.id in criteria: found",
    "other apps or statuses with filters: no; without: yes",
  ],
  engine: [
    "links: Contact_Name, Related_To (absent: What_Id, Who_Id)",
    "filled: $related_module, Contact_Name, Related_To",
    "modules: Accounts, Deals",
    "module in Parent_Id: yes",
    "label: list_label",
    "layouts in use: some",
    "api_name: All_Calls, Contacts, Deals, Events, Notes, Tasks, 1 more",
  ],
};

const writeFindings = {
  documented: [
    "Contacts: deleted",
    "Pipelines: still there",
    "the first is named by: details.id",
    "PUT Notes/{note}: refused (INVALID_REQUEST_METHOD); the note did not change; none was added",
    "PUT Contacts/{contact}/Notes/{note}: accepted; the note changed; none was added",
    "written with What_Id and $se_module, read back: $se_module, What_Id",
    "written with Related_To and $related_module, read back: none",
  ],
  engine: [
    "Contacts: deleted",
    "Pipelines: still there",
    "the first is named by: details.duplicate_record.id",
    "PUT Notes/{note}: accepted; the note changed; none was added",
    "PUT Contacts/{contact}/Notes/{note}: accepted; the note did not change; one was added",
    "written with What_Id and $se_module, read back: none",
    "written with Related_To and $related_module, read back: $related_module, Related_To",
  ],
};

for (const contract of contracts) {
  test(`${contract}: the report finds the contract by reading alone`, async () => {
    const { code, report, sandbox } = await ask({ contract });
    expect(code).toBe(0);
    const lines = report.split("\n");
    for (const finding of readFindings[contract]) expect(lines).toContain(`- ${finding}`);
    expect(new Set(sandbox.requests.map(({ method }) => method))).toEqual(new Set(["GET"]));
    expect(report).not.toContain("The probe failed");
  });

  test(`${contract}: with --write the report finds more, and all is deleted again`, async () => {
    const { code, report, before, after } = await ask({ contract }, "--write");
    expect(code).toBe(0);
    const lines = report.split("\n");
    for (const finding of writeFindings[contract]) expect(lines).toContain(`- ${finding}`);
    expect(report).not.toMatch(/Not deleted|May exist|The probe failed/);
    expect(after).toEqual(before);
  });

  test(`${contract}: the report contains no value of the organisation`, async () => {
    const options = { contract, renamed: true, extraFields: 20, currencies: true, noise: 3 };
    const { report, sandbox } = await ask(options, "--write");
    const own = ["Lead_Score", "Service_Contracts", "Competitor", "Opportunit", "Person", key];
    const { store } = sandbox;
    const records = modules.map((name) => [...store.records(name).values()]);
    const connections = [...store.connections().values()];
    const values = new Set(valuesIn([records, store.users(), connections, own]));
    expect(values.size).toBeGreaterThan(2000);
    const schema = ["Accounts", "Pipelines", "Deals", "Contacts", "zoho-bigin", "ACTIVE"];
    const shown = [...values].filter((value) => value.length > 3 && hasWord(report, value));
    expect(shown.filter((value) => !schema.includes(value))).toEqual([]);
    expect(report).not.toMatch(/\d{5}|@|https?:|bigin-mcp probe/);
  });
}

/** Values such as "Support" are also parts of keys. */
function hasWord(text: string, word: string): boolean {
  return (
    text.includes(word) && new RegExp(`(?<!\\w)${word.replace(/\W/g, "\\$&")}(?!\\w)`).test(text)
  );
}

function valuesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(valuesIn);
  if (isObject(value)) return Object.values(value).flatMap(valuesIn);
  return ["string", "number"].includes(typeof value) ? [String(value)] : [];
}

test("refusals and failures do not stop the other questions", async () => {
  const { code, report, sandbox } = await ask({
    ids: "ignored",
    tokenAlone: true,
    noIdCriteria: true,
    refusedFields: "$",
    unfilteredConnections: true,
    refused: [{ path: "/org", status: 403 }],
    faults: [
      fault({ kind: "reset" }),
      { path: /fields$/, does: { kind: "status", status: 500, body: "Internal Server Error" } },
      { path: /count$/, does: { kind: "status", status: 302, headers: { location: "/x" } } },
    ],
  });
  expect(code).toBe(0);
  for (const finding of [
    "`GET settings/modules`: no answer",
    "`GET settings/fields?module=Tasks`: 500",
    "`GET org`: 403 NO_PERMISSION",
    "filled: What_Id, Who_Id",
    "ids: ignored",
    "page_token: the next page, of 2 rows",
    "Owner.id in criteria: nothing found, although there is a contact",
    "count: refused (302)",
    "other apps or statuses with filters: yes; without: yes",
  ])
    expect(report).toContain(finding);
  expect(sandbox.requests.map(({ path }) => path)).not.toContain("/x");
});

test("writes that the connection may not do are refused one by one", async () => {
  const { code, report, before, after } = await ask({ profile: "maton" }, "--write");
  expect(code).toBe(0);
  expect(report).toContain("There is no note to change.");
  expect(report).toContain("written with What_Id and $se_module, read back: no task was created");
  expect(after).toEqual(before);
});

test("records that cannot be deleted, or may exist, are named", async () => {
  const faults: Fault[] = [
    { method: "DELETE", path: /Tasks$/, times: 99, does: { kind: "status", status: 500 } },
    { method: "POST", path: /Pipelines$/, does: { kind: "lost" } },
  ];
  const { report, sandbox } = await ask({ faults }, "--write");
  const left = [...sandbox.store.records("Tasks").values()].filter((task) =>
    String(task["Subject"]).startsWith("bigin-mcp probe"),
  );
  expect(left).toHaveLength(2);
  for (const { Subject } of left)
    expect(report).toContain(`**Not deleted**: “${Subject}” in Tasks`);
  expect(report).toMatch(/\*\*May exist\*\*: “bigin-mcp probe \w+ deal” in Pipelines/);
});

test("an interrupted probe deletes its records and asks no more", async () => {
  const { code, report, before, after } = await ask({ stopAt: "`POST Pipelines`" }, "--write");
  expect(code).toBe(1);
  expect(report.endsWith("- Interrupted.")).toBe(true);
  expect(after).toEqual(before);
});

test("nothing is written if it is not clear where, or forbidden", async () => {
  const two = await ask(
    { unfilteredConnections: true, env: { BIGIN_READ_ONLY: "true" } },
    "--write",
  );
  const none = await ask(
    { faults: [], env: { MATON_CONTROL_URL: "http://127.0.0.1:9" } },
    "--write",
  );
  for (const { code, report, sandbox } of [two, none]) {
    expect(code).toBe(1);
    expect(report).toContain("nothing was written");
    expect(sandbox.requests.every(({ method }) => method === "GET")).toBe(true);
  }
});
