import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";

const rowsOf = (reply: unknown) => (reply as { rows: unknown[][] }).rows;

test("modules: the organisation's own, custom ones too, without those the API does not serve", async () => {
  const { call } = await connect();
  const names = rowsOf(await call("bigin_list_modules")).map(([name]) => name);
  expect(names).toEqual(
    expect.arrayContaining(["Contacts", "Accounts", "Pipelines", "Notes", "Service_Contracts"]),
  );
  expect(names).not.toContain("Social");
});

test("a module is found by its API name, its label, or a word people use", async () => {
  const { call } = await connect();
  const resolved = async (module: string) =>
    (await call("bigin_list_records", { module, per_page: 1 }))["module"];
  expect(await resolved("contacts")).toBe("Contacts");
  expect(await resolved("Companies")).toBe("Accounts");
  expect(await resolved("deals")).toBe("Pipelines");
  expect(await resolved("service contract")).toBe("Service_Contracts");
});

test("a module is described with its fields, mandatory ones, options and lookups", async () => {
  const { call } = await connect();
  const described = await call("bigin_describe_module", { module: "Contacts" });
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

test("Pipelines are described with their team pipelines, sub-pipelines and stages", async () => {
  const { call, sandbox } = await connect();
  const { pipelines } = (await call("bigin_describe_module", { module: "deals" })) as {
    pipelines: { name: string; stages: Record<string, string> }[];
  };
  expect(pipelines).toHaveLength(2);
  const stages = new Map(pipelines.flatMap((one) => Object.entries(one.stages)));
  expect(stages.size).toBeGreaterThanOrEqual(4);
  for (const deal of sandbox.store.records("Pipelines").values())
    expect(stages.get(String(deal["Sub_Pipeline"]))?.split(", ")).toContain(deal["Stage"]);
});

test("a custom module is described from its metadata alone", async () => {
  const { call } = await connect();
  const { fields } = await call("bigin_describe_module", { module: "Service_Contracts" });
  expect(fields).toEqual(
    expect.arrayContaining(["Contract_Value: currency", "Renewal_Date: date"]),
  );
});

test("one field is described whole", async () => {
  const { call } = await connect();
  const { field } = await call("bigin_describe_module", { module: "deals", field: "stage" });
  expect(field).toMatchObject({ api_name: "Stage", type: "picklist", mandatory: true });
  expect((field as { options: string[] }).options.length).toBeGreaterThan(20);
});

test("users by type; the current one has the zone", async () => {
  const { call } = await connect();
  const count = async (type: string) => rowsOf(await call("bigin_list_users", { type })).length;
  expect(await count("AllUsers")).toBe(5);
  expect(await count("ActiveUsers")).toBe(4);
  expect(await count("DeactiveUsers")).toBe(1);
  const current = rowsOf(await call("bigin_list_users", { type: "CurrentUser" }));
  expect(current).toHaveLength(1);
  expect(current[0]?.at(-1)).toBe("America/New_York");
});

test("what was learnt of the organisation is asked once", async () => {
  const { call, sent } = await connect();
  await Promise.all(
    [1, 2, 3].map(() => call("bigin_list_records", { module: "Service_Contracts" })),
  );
  const paths = sent.map(({ url }) => url.pathname);
  expect(paths.filter((path) => path.endsWith("/settings/fields"))).toHaveLength(1);
  expect(paths.filter((path) => path.endsWith("/settings/modules"))).toHaveLength(1);
});

test("a scope that was not granted is told as that", async () => {
  const { fail } = await connect({ profile: "maton" });
  const told = await fail("bigin_list_records", { module: "Tasks" });
  expect(told).toMatch(/^Bigin rejected the request: .*OAUTH_SCOPE_MISMATCH/);
  expect(told).toContain("support@maton.ai");
});

const accessOf = async (reply: Promise<unknown>) =>
  Object.fromEntries(rowsOf(await reply) as [string, string][]);

test("access: one row that cannot be asked hides no other, and is asked again", async () => {
  const { call, sandbox, sent } = await connect();
  const down = { kind: "status", status: 500, body: "<html>inside</html>" } as const;
  sandbox.addFault({ path: /\/Calls$/, does: down });
  const body = { code: "INTERNAL_ERROR", message: "internal", details: {}, status: "error" };
  sandbox.addFault({ path: /\/org$/, does: { kind: "status", status: 500, body } });
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

test("access is told where the modules themselves are not granted, and that only reading was tried", async () => {
  const { call, sandbox } = await connect();
  const body = {
    code: "OAUTH_SCOPE_MISMATCH",
    message: "invalid oauth scope to access this URL",
    details: {},
    status: "error",
  };
  sandbox.addFault({ path: /settings\/modules$/, does: { kind: "status", status: 401, body } });
  const reply = await call("bigin_check_access");
  expect(rowsOf(reply)).toContainEqual(["Contacts", "granted"]);
  expect(reply["columns"]).toEqual(["what", "read"]);
  expect(reply["note"]).toContain("only reading was tried");
});

test("access fails as a whole only where the connection does", async () => {
  const { fail } = await connect({ connection: "nobodys" });
  expect(await fail("bigin_check_access")).toContain("nobodys");
});
