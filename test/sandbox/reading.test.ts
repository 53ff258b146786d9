import { expect, test } from "vitest";
import { type Bench, bench } from "./harness.ts";

async function addContacts(b: Bench, count: number): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const size = Math.min(100, count - done);
    const data = Array.from({ length: size }, (_, n) => ({ Last_Name: `Bulk ${done + n}` }));
    await b.call("POST", "/Contacts", { data });
  }
}

test("a list needs fields, takes at most 50, ignores unknown ones and always gives the id", async () => {
  const b = bench();
  const missing = await b.get("/Contacts");
  expect(missing.status).toBe(400);
  expect(missing.body).toMatchObject({
    code: "REQUIRED_PARAM_MISSING",
    details: { param_name: "fields" },
    status: "error",
  });
  const many = await b.get("/Contacts", { fields: Array(51).fill("id").join(",") });
  expect(many.body).toMatchObject({ code: "LIMIT_EXCEEDED", details: { limit: 50 } });
  const { body } = await b.get("/Contacts", {
    fields: "Description,Tag,Nope,$followed",
    per_page: "1",
  });
  expect(body.data).toEqual([{ id: expect.any(String), Description: null, Tag: [] }]);
});

test("newest ids first by default; sort_order counts only with sort_by", async () => {
  const b = bench();
  const ids = async (query: Record<string, string>) =>
    (await b.get("/Products", { fields: "id,Unit_Price", ...query })).body;
  const plain = await ids({ sort_order: "asc" });
  expect(plain.data[0].id > plain.data[1].id).toBe(true);
  expect(plain.info).toMatchObject({ sort_by: "id", sort_order: "desc" });
  const byPrice = await ids({ sort_by: "Unit_Price", sort_order: "asc" });
  const prices = byPrice.data.map((row: { Unit_Price: number }) => row.Unit_Price);
  expect(prices).toEqual([...prices].sort((a, z) => a - z));
  expect((await b.get("/Products", { fields: "id", sort_by: "Nope" })).status).toBe(400);
});

test("pages by number reach 2,000 records, by token further", async () => {
  const b = bench();
  await addContacts(b, 2_100);
  const reach = await b.get("/Contacts", { fields: "id", per_page: "200", page: "10" });
  expect(reach.status).toBe(200);
  const beyond = await b.get("/Contacts", { fields: "id", per_page: "200", page: "11" });
  expect(beyond.status).toBe(400);
  expect(beyond.body).toMatchObject({
    code: "DISCRETE_PAGINATION_LIMIT_EXCEEDED",
    details: { limit: 2000 },
  });
  const seen = new Set<string>();
  let token: string | null = null;
  do {
    const query: Record<string, string> = {
      fields: "id",
      ...(token === null ? {} : { page_token: token }),
    };
    const { body } = await b.get("/Contacts", query);
    for (const row of body.data) seen.add(row.id);
    token = body.info.next_page_token;
  } while (token !== null);
  expect(seen.size).toBe(b.sandbox.store.records("Contacts").size);
});

test("a page token is bound to its request and lives a day", async () => {
  const b = bench();
  const first = (await b.get("/Contacts", { fields: "id", per_page: "5" })).body.info;
  expect(first.next_page_token).toMatch(/^[0-9a-f]{100,}$/);
  expect(first.page_token_expiry).toBe("2026-11-21T10:00:00-05:00");
  const page_token = first.next_page_token;
  const code = async (query: Record<string, string>) =>
    (await b.get("/Contacts", { page_token, ...query })).body.code;
  expect(await code({ fields: "id", per_page: "6" })).toBe("TOKEN_BOUND_DATA_MISMATCH");
  expect(await code({ fields: "id" })).toBe("TOKEN_BOUND_DATA_MISMATCH");
  expect(await code({ fields: "id,Email", per_page: "5" })).toBe("TOKEN_BOUND_DATA_MISMATCH");
  expect(await code({ fields: "id", per_page: "5", page: "2" })).toBe(
    "AMBIGUITY_DURING_PROCESSING",
  );
  expect(await code({ fields: "id", per_page: "5", page_token: `${page_token}00` })).toBe(
    "TOKEN_BOUND_DATA_MISMATCH",
  );
  const second = await b.get("/Contacts", { fields: "id", per_page: "5", page_token });
  expect(second.body.info).toMatchObject({ page: 2, count: 5, more_records: true });
  const back = second.body.info.previous_page_token;
  const again = await b.get("/Contacts", { fields: "id", per_page: "5", page_token: back });
  expect(again.body.info.page).toBe(1);
  b.time.now += 86_400_000;
  const late = await b.get("/Contacts", { fields: "id", per_page: "5", page_token });
  expect(late.body).toMatchObject({ code: "EXPIRED_VALUE", details: { param_name: "page_token" } });
});

test("per_page is at most 200 and page a positive number", async () => {
  const b = bench();
  expect((await b.get("/Contacts", { fields: "id", per_page: "201" })).status).toBe(400);
  expect((await b.get("/Contacts", { fields: "id", page: "0" })).body.code).toBe("INVALID_DATA");
});

test("an unknown id is 204 without a body, an id that is no number no such path", async () => {
  const b = bench();
  const unknown = await b.get("/Contacts/7618134000999999999");
  expect([unknown.status, unknown.body]).toEqual([204, ""]);
  const text = await b.get("/Contacts/abc");
  expect([text.status, text.body.code]).toEqual([404, "INVALID_URL_PATTERN"]);
});

test("module names are case-sensitive, and Social is not for the API", async () => {
  const b = bench();
  for (const module of ["contacts", "Deals", "Social"]) {
    const answer = await b.get(`/${module}?fields=id`);
    expect([answer.status, answer.body.code]).toEqual([400, "INVALID_MODULE"]);
  }
});

test("what is not emulated is an unknown path; a known path with another verb says so", async () => {
  const b = bench();
  const id = b.id("Contacts");
  const unknown: [string, string][] = [
    ["POST", "/coql"],
    ["GET", "/settings/tags?module=Contacts"],
    ["POST", "/Contacts/actions/add_tags"],
    ["POST", `/Contacts/${id}/actions/send_mail`],
    ["GET", `/Contacts/${id}/photo`],
    ["GET", `/Contacts/${id}/Attachments?fields=id`],
    ["GET", "/actions/watch"],
    ["GET", "/settings/pipelines"],
    ["GET", "/Associated_Products?fields=id"],
  ];
  for (const [verb, path] of unknown) {
    const answer = await b.call(verb, path);
    expect([answer.status, answer.body.code], path).toEqual([404, "INVALID_URL_PATTERN"]);
  }
  for (const [verb, path] of [
    ["PATCH", "/Contacts"],
    ["POST", "/users/1"],
    ["PUT", "/Notes/1"],
  ] as const) {
    const answer = await b.call(verb, path, { data: [{}] });
    expect([answer.status, answer.body.code], path).toEqual([400, "INVALID_REQUEST_METHOD"]);
  }
});

test("custom views filter, and count takes them too", async () => {
  const b = bench();
  const { body } = await b.get("/settings/custom_views?module=Pipelines");
  const view = body.custom_views.find((entry: { name: string }) => entry.name === "My open deals");
  const list = await b.get("/Pipelines", { fields: "Owner,Stage", cvid: view.id });
  expect(list.body.data.length).toBeGreaterThan(0);
  for (const deal of list.body.data) {
    expect(deal.Owner.name).toBe("Amelia Stone");
    expect(deal.Stage).not.toMatch(/Closed|Churned|Cancelled/);
  }
  const count = await b.get("/Pipelines/actions/count", { cvid: view.id });
  expect(count.body).toEqual({ count: list.body.data.length });
  expect((await b.get("/Pipelines", { fields: "id", cvid: "1" })).body.code).toBe("INVALID_DATA");
  const both = await b.get("/Pipelines/actions/count", { cvid: view.id, word: "fleet" });
  expect(both.body.code).toBe("AMBIGUITY_DURING_PROCESSING");
});

test("If-Modified-Since answers 304 when nothing is newer", async () => {
  const b = bench();
  const since = { "If-Modified-Since": "2026-11-20T10:00:00-05:00" };
  const quiet = await b.call("GET", "/Products?fields=id", undefined, since);
  expect(quiet.status).toBe(304);
  b.time.now += 60_000;
  await b.call("PUT", `/Products/${b.id("Products")}`, { data: [{ Description: "new" }] });
  const fresh = await b.call("GET", "/Products?fields=id", undefined, since);
  expect(fresh.body.data).toHaveLength(1);
});

test("times carry the organisation's offset and no milliseconds", async () => {
  const b = bench();
  const { body } = await b.get(`/Contacts/${b.id("Contacts")}`, { fields: "Created_Time" });
  expect(body.data[0].Created_Time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[45]:00$/);
});

test("users by type and page; an id past 64 bits is the current user, an unknown one 204", async () => {
  const b = bench();
  const count = async (type: string) => (await b.get("/users", { type })).body.info.count;
  expect(await count("AllUsers")).toBe(5);
  expect(await count("ActiveUsers")).toBe(4);
  expect(await count("CurrentUser")).toBe(1);
  const page = await b.get("/users", { type: "AllUsers", per_page: "2", page: "3" });
  expect(page.body.info).toEqual({ per_page: 2, count: 1, page: 3, more_records: false });
  expect((await b.get("/users", { type: "Nope" })).body.code).toBe("PATTERN_NOT_MATCHED");
  expect((await b.get("/users/99999999999999999999")).body.users[0].full_name).toBe("Amelia Stone");
  expect((await b.get("/users/7618134000000000009")).status).toBe(204);
});

test("only layouts tie stages to sub-pipelines and sub-pipelines to team pipelines", async () => {
  const b = bench();
  const { layouts } = (await b.get("/settings/layouts?module=Pipelines")).body;
  expect(layouts.map((layout: { name: string }) => layout.name)).toEqual([
    "Sales Pipeline",
    "Onboarding",
  ]);
  const named = (fields: { api_name: string }[], name: string) =>
    fields.find((field) => field.api_name === name) as never;
  const sub: {
    pick_list_values: {
      actual_value: string;
      maps: { api_name: string; pick_list_values: { actual_value: string }[] }[];
    }[];
  } = named(layouts[0].sections[0].fields, "Sub_Pipeline");
  const renewals = sub.pick_list_values.find((value) => value.actual_value === "Renewals");
  expect(renewals?.maps[0]?.api_name).toBe("Stage");
  expect(renewals?.maps[0]?.pick_list_values.map((stage) => stage.actual_value)).toEqual([
    "Renewal Due",
    "Quote Sent",
    "Verbal Commitment",
    "Renewed",
    "Churned",
  ]);
  const { fields } = (await b.get("/settings/fields?module=Pipelines")).body;
  const plain: { pick_list_values: object[] } = named(fields, "Sub_Pipeline");
  expect(plain.pick_list_values).toHaveLength(5);
  expect(JSON.stringify(plain)).not.toContain("maps");
});

test("a custom module works like any other, from metadata alone", async () => {
  const b = bench();
  const { modules } = (await b.get("/settings/modules")).body;
  expect(modules).toHaveLength(12);
  expect(modules.at(-1)).toMatchObject({
    api_name: "Service_Contracts",
    plural_label: "Service Contracts",
  });
  const made = await b.call("POST", "/Service_Contracts", {
    data: [
      {
        Name: "Test",
        Account_Name: { id: b.id("Accounts") },
        Status: "Draft",
        Contract_Value: 10.5,
      },
    ],
  });
  expect(made.status).toBe(201);
  const related = await b.get(`/Accounts/${b.id("Accounts")}/Service_Contracts`, {
    fields: "Name",
  });
  expect(related.body.data[0].Name).toBe("Test");
  expect((await b.get("/settings/fields")).body.code).toBe("REQUIRED_PARAM_MISSING");
});
