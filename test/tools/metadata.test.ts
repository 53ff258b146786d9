import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { column, table } from "../support/replies.ts";
import { status } from "../support/writes.ts";

test("modules include custom ones, but not those without an API", async () => {
  const { call } = await connect();
  const names = column(await call("bigin_list_modules"), "module");
  expect(names).toEqual(
    expect.arrayContaining(["Contacts", "Accounts", "Pipelines", "Notes", "Service_Contracts"]),
  );
  expect(names).not.toContain("Social");
});

test("a module goes by its API name, its label or a common word", async () => {
  const { call } = await connect();
  const resolved = async (module: string) => (await call.list(module, { per_page: 1 }))["module"];
  expect(await resolved("contacts")).toBe("Contacts");
  expect(await resolved("Companies")).toBe("Accounts");
  expect(await resolved("deals")).toBe("Pipelines");
  expect(await resolved("service contract")).toBe("Service_Contracts");
});

test("a module is described with required, read-only and lookup fields, related lists and views", async () => {
  const { call } = await connect();
  const described = await call.describe("Contacts");
  expect(described["fields"]).toEqual(
    expect.arrayContaining([
      "Last_Name*: text",
      "Account_Name (Company Name): lookup → Accounts",
      "Full_Name!: text",
    ]),
  );
  expect(described["related_lists"]).toEqual(expect.arrayContaining(["Products", "Notes"]));
  expect(described["views"]).not.toEqual([]);
});

test("deals are described with their team pipelines, sub-pipelines and stages", async () => {
  const { call, sandbox } = await connect();
  const { pipelines } = (await call.describe("deals")) as {
    pipelines: { name: string; stages: Record<string, string> }[];
  };
  expect(pipelines).toHaveLength(2);
  const stages = new Map(pipelines.flatMap((one) => Object.entries(one.stages)));
  expect(stages.size).toBeGreaterThanOrEqual(4);
  for (const deal of sandbox.store.records("Pipelines").values())
    expect(stages.get(String(deal["Sub_Pipeline"]))?.split(", ")).toContain(deal["Stage"]);
});

test("a custom module is described", async () => {
  const { call } = await connect();
  const { fields } = await call.describe("Service_Contracts");
  expect(fields).toEqual(
    expect.arrayContaining(["Contract_Value: currency", "Renewal_Date: date"]),
  );
});

test("one field is described with all its options", async () => {
  const { call } = await connect();
  const { field } = await call.describe("deals", { field: "stage" });
  expect(field).toMatchObject({ api_name: "Stage", type: "picklist", mandatory: true });
  expect((field as { options: string[] }).options.length).toBeGreaterThan(20);
});

test("users are listed by type, the current one with its time zone", async () => {
  const { call } = await connect();
  const count = async (type: string) => table(await call("bigin_list_users", { type })).rows.length;
  expect(await count("AllUsers")).toBe(5);
  expect(await count("ActiveUsers")).toBe(4);
  expect(await count("DeactiveUsers")).toBe(1);
  const current = await call("bigin_list_users", { type: "CurrentUser" });
  expect(column(current, "time_zone")).toEqual(["America/New_York"]);
});

test("metadata are requested once, even by simultaneous calls", async () => {
  const { call, sent } = await connect();
  await Promise.all([1, 2, 3].map(() => call.list("Service_Contracts")));
  const paths = sent.map(({ url }) => url.pathname);
  expect(paths.filter((path) => path.endsWith("/settings/fields"))).toHaveLength(1);
  expect(paths.filter((path) => path.endsWith("/settings/modules"))).toHaveLength(1);
});

test("a missing scope is reported as one, with what to do", async () => {
  const { fail } = await connect({ profile: "maton" });
  const message = await fail.list("Tasks");
  expect(message).toMatch(/^Bigin .*OAUTH_SCOPE_MISMATCH/);
  expect(message).toContain("support@maton.ai");
});

const accessOf = async (reply: Promise<Record<string, unknown>>) =>
  Object.fromEntries(table(await reply).rows);

test("access that could not be checked is unknown, hides nothing else and is checked again", async () => {
  const { call, sandbox, sent } = await connect();
  const down = status(500, "<html>inside</html>");
  // A read is tried once more after a 500.
  const times = 2;
  sandbox.addFault({ path: /\/Calls$/, times, does: down });
  const body = { code: "INTERNAL_ERROR", message: "internal", details: {}, status: "error" };
  sandbox.addFault({ path: /\/org$/, times, does: status(500, body) });
  const first = await accessOf(call("bigin_check_access"));
  expect(first).toMatchObject({
    Calls: "unknown, try again",
    organisation: "unknown, try again",
    Contacts: "granted",
  });
  const asked = sent.length;
  const again = await accessOf(call("bigin_check_access"));
  expect(again).toMatchObject({ Calls: "granted", organisation: "granted" });
  expect(sent.slice(asked).map(({ url }) => url.pathname.split("/").at(-1))).toEqual([
    "Calls",
    "org",
  ]);
});

test("access is checked without the list of modules, and says that only reading was tested", async () => {
  const { call, sandbox } = await connect();
  const body = {
    code: "OAUTH_SCOPE_MISMATCH",
    message: "invalid oauth scope to access this URL",
    details: {},
    status: "error",
  };
  sandbox.addFault({ path: /settings\/modules$/, does: status(401, body) });
  const reply = await call("bigin_check_access");
  expect(table(reply).rows).toContainEqual(["Contacts", "granted"]);
  expect(reply["columns"]).toEqual(["what", "read"]);
  expect(reply["note"]).toContain("Only reading was tested");
});

test("access cannot be checked over an unknown connection", async () => {
  const { fail } = await connect({ connection: "nobodys" });
  expect(await fail("bigin_check_access")).toContain("nobodys");
});
