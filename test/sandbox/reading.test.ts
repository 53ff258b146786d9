import { expect, test } from "vitest";
import { createSandboxClient, type FieldMetadata } from "../support/sandbox-client.ts";
import { seed } from "../support/seeded.ts";

test("a list needs fields", async () => {
  const { status, body } = await createSandboxClient().get("/Contacts");
  expect(status).toBe(400);
  expect(body).toMatchObject({
    code: "REQUIRED_PARAM_MISSING",
    details: { param_name: "fields" },
    status: "error",
  });
});

test("a list takes at most 50 fields, ignores unknown ones and always returns the id", async () => {
  const { get } = createSandboxClient();
  const many = await get("/Contacts", { fields: Array(51).fill("id").join(",") });
  expect(many.body).toMatchObject({ code: "LIMIT_EXCEEDED", details: { limit: 50 } });
  const fields = "Description,Tag,Nope,$followed";
  const { body } = await get("/Contacts", { fields, per_page: "1" });
  expect(body.data).toEqual([{ id: expect.any(String), Description: null, Tag: [] }]);
});

test("a list is sorted by newest id first, and sort_order counts only with sort_by", async () => {
  const { get } = createSandboxClient();
  const list = async (query: Record<string, string>) =>
    (await get("/Products", { fields: "id,Unit_Price", ...query })).body;
  const unsorted = await list({ sort_order: "asc" });
  const ids = unsorted.data.map((row) => row.id);
  expect(ids).toEqual(ids.toSorted().reverse());
  expect(unsorted.info).toMatchObject({ sort_by: "id", sort_order: "desc" });
  const byPrice = await list({ sort_by: "Unit_Price", sort_order: "asc" });
  const prices = byPrice.data.map((row) => Number(row["Unit_Price"]));
  expect(prices).toEqual(prices.toSorted((a, b) => a - b));
  expect((await get("/Products", { fields: "id", sort_by: "Nope" })).status).toBe(400);
});

test("page numbers reach 2,000 records, page tokens reach all, each once", async () => {
  const { sandbox, get } = createSandboxClient();
  await seed(
    sandbox,
    "Contacts",
    Array.from({ length: 2_100 }, (_, n) => ({ Last_Name: `Bulk ${n}` })),
  );
  const page = (number: string) =>
    get("/Contacts", { fields: "id", per_page: "200", page: number });
  expect((await page("10")).status).toBe(200);
  const beyond = await page("11");
  expect(beyond.status).toBe(400);
  expect(beyond.body).toMatchObject({
    code: "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
    details: { limit: 2000 },
  });
  const seen: string[] = [];
  const query: Record<string, string> = { fields: "id" };
  for (let more = true; more; ) {
    const { data, info } = (await get("/Contacts", query)).body;
    seen.push(...data.map((row) => row.id));
    more = info.next_page_token !== null;
    query["page_token"] = info.next_page_token ?? "";
  }
  const stored = [...sandbox.store.records("Contacts").keys()];
  expect(seen).toEqual(stored.reverse());
});

test("a page token is bound to its request and valid for a day", async () => {
  const { time, get } = createSandboxClient();
  const first = (await get("/Contacts", { fields: "id", per_page: "5" })).body.info;
  const page_token = first.next_page_token ?? "";
  expect(page_token).toMatch(/^[0-9a-f]{100,}$/);
  expect(first.page_token_expiry).toBe("2026-11-21T10:00:00-05:00");
  const list = async (query: Record<string, string>) =>
    (await get("/Contacts", { fields: "id", per_page: "5", page_token, ...query })).body;
  for (const other of [{ fields: "id,Email" }, { page_token: `${page_token}00` }])
    expect((await list(other)).code, JSON.stringify(other)).toBe("TOKEN_BOUND_DATA_MISMATCH");
  expect((await list({ page: "2" })).code).toBe("AMBIGUITY_DURING_PROCESSING");
  // The page size is part of the token.
  for (const per_page of ["6", "200"]) expect((await list({ per_page })).info.count).toBe(5);
  const second = (await list({})).info;
  expect(second).toMatchObject({ page: 2, count: 5, more_records: true });
  const back = await list({ page_token: second.previous_page_token ?? "" });
  expect(back.info["page"]).toBe(1);
  time.now += 86_400_000;
  const late = await list({});
  expect(late).toMatchObject({ code: "EXPIRED_VALUE", details: { param_name: "page_token" } });
});

test("per_page is at most 200 and page is a positive number", async () => {
  const { get } = createSandboxClient();
  expect((await get("/Contacts", { fields: "id", per_page: "201" })).status).toBe(400);
  expect((await get("/Contacts", { fields: "id", page: "0" })).body.code).toBe("INVALID_DATA");
});

test("an unknown id is 204 without a body, an id that is not a number is an unknown path", async () => {
  const { get } = createSandboxClient();
  const unknown = await get("/Contacts/7618134000999999999");
  expect([unknown.status, unknown.text]).toEqual([204, ""]);
  const word = await get("/Contacts/abc");
  expect([word.status, word.body.code]).toEqual([404, "INVALID_URL_PATTERN"]);
});

test("module names are case-sensitive, and the API does not offer Social", async () => {
  const { get } = createSandboxClient();
  for (const module of ["contacts", "Deals", "Social"]) {
    const { status, body } = await get(`/${module}?fields=id`);
    expect([status, body.code]).toEqual([400, "INVALID_MODULE"]);
  }
});

test("an endpoint that is not emulated is an unknown path", async () => {
  const { send, id } = createSandboxClient();
  const contact = `/Contacts/${id("Contacts")}`;
  for (const [verb, path] of [
    ["POST", "/coql"],
    ["GET", "/settings/tags?module=Contacts"],
    ["POST", "/Contacts/actions/add_tags"],
    ["POST", `${contact}/actions/send_mail`],
    ["GET", `${contact}/photo`],
    ["GET", `${contact}/Attachments?fields=id`],
    ["GET", "/actions/watch"],
    ["GET", "/settings/pipelines"],
    ["GET", "/Associated_Products?fields=id"],
  ] as const) {
    const { status, body } = await send(verb, path);
    expect([status, body.code], path).toEqual([404, "INVALID_URL_PATTERN"]);
  }
});

test("a known path with another verb is refused as such", async () => {
  const { send } = createSandboxClient();
  for (const [verb, path] of [
    ["PATCH", "/Contacts"],
    ["POST", "/users/1"],
    ["PUT", "/Notes/1"],
  ] as const) {
    const { status, body } = await send(verb, path, { data: [{}] });
    expect([status, body.code], path).toEqual([400, "INVALID_REQUEST_METHOD"]);
  }
});

test("a custom view filters lists and counts", async () => {
  const { get } = createSandboxClient();
  const { custom_views } = (await get("/settings/custom_views?module=Pipelines")).body;
  const cvid = custom_views.find((view) => view.name === "My open deals")?.id ?? "";
  const list = await get("/Pipelines", { fields: "Owner,Stage", cvid });
  expect(list.body.data.length).toBeGreaterThan(0);
  for (const deal of list.body.data) {
    expect(deal["Owner"]).toMatchObject({ name: "Amelia Stone" });
    expect(deal["Stage"]).not.toMatch(/Closed|Churned|Cancelled/);
  }
  const count = await get("/Pipelines/actions/count", { cvid });
  expect(count.body).toEqual({ count: list.body.data.length });
  expect((await get("/Pipelines", { fields: "id", cvid: "1" })).body.code).toBe("INVALID_DATA");
  const both = await get("/Pipelines/actions/count", { cvid, word: "fleet" });
  expect(both.body.code).toBe("AMBIGUITY_DURING_PROCESSING");
});

test("If-Modified-Since returns newer records only, 304 when there are none", async () => {
  const { time, send, id, put } = createSandboxClient();
  const since = { "If-Modified-Since": "2026-11-20T10:00:00-05:00" };
  const list = () => send("GET", "/Products?fields=id", undefined, since);
  expect((await list()).status).toBe(304);
  time.now += 60_000;
  await put(`/Products/${id("Products")}`, { Description: "new" });
  expect((await list()).body.data).toHaveLength(1);
});

test("times have the organisation's offset and no milliseconds", async () => {
  const { get, id } = createSandboxClient();
  const { row } = await get(`/Contacts/${id("Contacts")}`, { fields: "Created_Time" });
  expect(row["Created_Time"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[45]:00$/);
});

test("users are listed by type and page", async () => {
  const { get } = createSandboxClient();
  const count = async (type: string) => (await get("/users", { type })).body.info.count;
  expect(await count("AllUsers")).toBe(5);
  expect(await count("ActiveUsers")).toBe(4);
  expect(await count("CurrentUser")).toBe(1);
  const page = await get("/users", { type: "AllUsers", per_page: "2", page: "3" });
  expect(page.body.info).toEqual({ per_page: 2, count: 1, page: 3, more_records: false });
  expect((await get("/users", { type: "Nope" })).body.code).toBe("PATTERN_NOT_MATCHED");
});

test("a user id past 64 bits is the current user, an unknown one is 204", async () => {
  const { get } = createSandboxClient();
  const { users } = (await get("/users/99999999999999999999")).body;
  expect(users.map((user) => user.full_name)).toEqual(["Amelia Stone"]);
  expect((await get("/users/7618134000000000009")).status).toBe(204);
});

test("only layouts say which stages a sub-pipeline has", async () => {
  const { get } = createSandboxClient();
  const { layouts } = (await get("/settings/layouts?module=Pipelines")).body;
  expect(layouts.map((layout) => layout.name)).toEqual(["Sales Pipeline", "Onboarding"]);
  const subPipelines = (fields: FieldMetadata[] = []) =>
    fields.find((field) => field.api_name === "Sub_Pipeline")?.pick_list_values ?? [];
  const renewals = subPipelines(layouts[0]?.sections[0]?.fields).find(
    (option) => option.actual_value === "Renewals",
  );
  expect(renewals?.maps[0]?.api_name).toBe("Stage");
  expect(renewals?.maps[0]?.pick_list_values.map((stage) => stage.actual_value)).toEqual([
    "Renewal Due",
    "Quote Sent",
    "Verbal Commitment",
    "Renewed",
    "Churned",
  ]);
  const plain = subPipelines((await get("/settings/fields?module=Pipelines")).body.fields);
  expect(plain).toHaveLength(5);
  for (const option of plain) expect(option).not.toHaveProperty("maps");
});

test("metadata are about one module, which must be named", async () => {
  const { get } = createSandboxClient();
  const names = async (module: string) =>
    (await get(`/settings/fields?module=${module}`)).body.fields.map((field) => field.api_name);
  expect(await names("Contacts")).toContain("Last_Name");
  expect(await names("Accounts")).not.toContain("Last_Name");
  expect((await get("/settings/fields")).body.code).toBe("REQUIRED_PARAM_MISSING");
});

test("sandboxes with other labels or more fields have metadata of their own", async () => {
  const fields = async (client: ReturnType<typeof createSandboxClient>) =>
    (await client.get("/settings/fields?module=Contacts")).body.fields.length;
  const modules = async (client: ReturnType<typeof createSandboxClient>) =>
    (await client.get("/settings/modules")).body.modules.map((module) => module["plural_label"]);
  const plain = createSandboxClient();
  expect(await fields(createSandboxClient({ extraFields: 13 }))).toBe((await fields(plain)) + 13);
  expect(await modules(createSandboxClient({ renamed: true }))).toContain("People");
  expect(await modules(plain)).not.toContain("People");
});

test("a custom module works like any other", async () => {
  const { get, insert, id } = createSandboxClient();
  const { modules } = (await get("/settings/modules")).body;
  expect(modules).toHaveLength(12);
  expect(modules.at(-1)).toMatchObject({
    api_name: "Service_Contracts",
    plural_label: "Service Contracts",
  });
  const account = id("Accounts");
  const contract = { Name: "Test", Account_Name: { id: account }, Status: "Draft" };
  expect((await insert("Service_Contracts", contract)).status).toBe(201);
  const related = await get(`/Accounts/${account}/Service_Contracts`, { fields: "Name" });
  expect(related.row["Name"]).toBe("Test");
});
