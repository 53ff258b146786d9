import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bench, bench } from "./harness.ts";

const insert = (b: Bench, module: string, ...data: unknown[]) =>
  b.call("POST", `/${module}`, { data });
const item = async (b: Bench, module: string, row: unknown) =>
  (await insert(b, module, row)).body.data[0];
const stored = (b: Bench, module: string, id: string) => b.sandbox.store.records(module).get(id);

const DEAL = { Deal_Name: "Test deal", Sub_Pipeline: "Renewals", Stage: "Quote Sent" };

test("rows succeed and fail each for itself, in request order", async () => {
  const b = bench();
  const mixed = await insert(
    b,
    "Contacts",
    { Last_Name: "A" },
    { First_Name: "B" },
    { Last_Name: "C" },
  );
  expect(mixed.status).toBe(207);
  expect(mixed.body.data.map((row: { code: string }) => row.code)).toEqual([
    "SUCCESS",
    "MANDATORY_NOT_FOUND",
    "SUCCESS",
  ]);
  expect(mixed.body.data[1].details).toEqual({
    api_name: "Last_Name",
    json_path: "$.data[1].Last_Name",
  });
  const failed = await insert(b, "Contacts", { First_Name: "B" });
  expect([failed.status, failed.body.data[0].status]).toEqual([400, "error"]);
  expect((await insert(b, "Contacts", { Last_Name: "D" })).status).toBe(201);
});

test("at most 100 rows, and data must be an array", async () => {
  const b = bench();
  const many = await insert(b, "Contacts", ...Array(101).fill({ Last_Name: "x" }));
  expect(many.body).toMatchObject({ code: "LIMIT_EXCEEDED", details: { limit: 100 } });
  for (const body of [{ data: {} }, {}, "not json"]) {
    expect((await b.call("POST", "/Contacts", body)).body.code).toBe("INVALID_DATA");
  }
});

test("unique fields are compared without case and name the twin", async () => {
  const b = bench();
  const first = await item(b, "Contacts", { Last_Name: "A", Email: "Same@Example.com" });
  const twin = await item(b, "Contacts", { Last_Name: "B", Email: "same@example.COM" });
  expect(twin).toMatchObject({
    code: "DUPLICATE_DATA",
    message: "duplicate data",
    status: "error",
  });
  expect(twin.details).toMatchObject({ api_name: "Email", id: first.details.id });
  expect((await item(b, "Accounts", { Account_Name: "ALPINE FREIGHT" })).code).toBe(
    "DUPLICATE_DATA",
  );
  await item(b, "Pipelines", DEAL);
  expect((await item(b, "Pipelines", DEAL)).code).toBe("SUCCESS");
});

test("unknown and read-only fields are dropped without a word", async () => {
  const b = bench();
  const { details, code } = await item(b, "Contacts", {
    Last_Name: "A",
    Nope: 1,
    Created_Time: "2001-01-01T00:00:00Z",
    Full_Name: "Somebody Else",
  });
  expect(code).toBe("SUCCESS");
  const record = stored(b, "Contacts", details.id);
  expect(record).not.toHaveProperty("Nope");
  expect(record?.["Full_Name"]).toBe("A");
  expect(record?.["Created_Time"]).toBe("2026-11-20T10:00:00-05:00");
});

test("types, lengths, dates and options are checked", async () => {
  const b = bench();
  const bad: [string, Record<string, unknown>, Record<string, unknown>][] = [
    ["Contacts", { Last_Name: "x".repeat(81) }, { api_name: "Last_Name", maximum_length: 80 }],
    ["Contacts", { Last_Name: "x", Email: "nobody" }, { api_name: "Email" }],
    ["Contacts", { Last_Name: "x", Lead_Score: 1.5 }, { expected_data_type: "integer" }],
    ["Contacts", { Last_Name: "x", Email_Opt_Out: "yes" }, { expected_data_type: "boolean" }],
    ["Products", { Product_Name: "x", Unit_Price: "12" }, { expected_data_type: "double" }],
    ["Products", { Product_Name: "x", Product_Category: "Nope" }, { api_name: "Product_Category" }],
    ["Products", { Product_Name: "x", Product_Category: "" }, { api_name: "Product_Category" }],
    ["Pipelines", { ...DEAL, Closing_Date: "11/30/2026" }, { expected_data_type: "date" }],
    ["Pipelines", { ...DEAL, Closing_Date: "2026-02-30" }, { expected_data_type: "date" }],
    ["Contacts", { Last_Name: "x", Owner: { id: "1" } }, { api_name: "Owner" }],
    [
      "Contacts",
      { Last_Name: "x", Account_Name: { id: "7618134000999999999" } },
      { id: "7618134000999999999" },
    ],
    [
      "Events",
      {
        Event_Title: "x",
        Start_DateTime: "2026-11-20 10:00",
        End_DateTime: "2026-11-20T11:00:00Z",
      },
      { expected_data_type: "datetime" },
    ],
  ];
  for (const [module, row, details] of bad) {
    const answer = await insert(b, module, row);
    expect(answer.status, JSON.stringify(row)).toBe(400);
    expect(answer.body.data[0].code).toBe("INVALID_DATA");
    expect(answer.body.data[0].details).toMatchObject(details);
  }
});

test("a free-text lookup creates the company, a name or an id that exists is linked", async () => {
  const b = bench();
  const count = () => b.sandbox.store.records("Accounts").size;
  const before = count();
  const account = async (value: unknown) => {
    const { details } = await item(b, "Contacts", { Last_Name: "A", Account_Name: value });
    return stored(b, "Contacts", details.id)?.["Account_Name"];
  };
  expect(await account("Brand New Ltd")).toMatchObject({ name: "Brand New Ltd" });
  expect(count()).toBe(before + 1);
  expect(await account("brand new ltd")).toMatchObject({ name: "Brand New Ltd" });
  expect(await account(b.id("Accounts"))).toMatchObject({ name: "Northwind Traders" });
  expect(count()).toBe(before + 1);
});

test("a refused row creates no company on the way", async () => {
  const b = bench();
  const before = b.sandbox.store.records("Accounts").size;
  await item(b, "Contacts", { Account_Name: "Ghost Ltd", Last_Name: "A", Email: "bad" });
  expect(b.sandbox.store.records("Accounts").size).toBe(before);
});

test("an update touches only what is given, null clears, and Modified_Time always moves", async () => {
  const b = bench();
  const { details } = await item(b, "Contacts", { Last_Name: "A", First_Name: "B", Title: "T" });
  b.time.now += 5_000;
  const answer = await b.call("PUT", `/Contacts/${details.id}`, {
    data: [{ Title: null, First_Name: "C" }],
  });
  expect([answer.status, answer.body.data[0].message]).toEqual([200, "record updated"]);
  expect(stored(b, "Contacts", details.id)).toMatchObject({ Full_Name: "C A", Title: null });
  b.time.now += 5_000;
  await b.call("PUT", "/Contacts", { data: [{ id: details.id, Last_Name: "A" }] });
  expect(stored(b, "Contacts", details.id)?.["Modified_Time"]).toBe("2026-11-20T10:00:10-05:00");
});

test("a bulk update needs ids and refuses unknown ones", async () => {
  const b = bench();
  const { status, body } = await b.call("PUT", "/Contacts", {
    data: [
      { Title: "x" },
      { id: "7618134000999999999", Title: "x" },
      { id: b.id("Contacts"), Title: "x" },
    ],
  });
  expect(status).toBe(207);
  expect(body.data.map((row: { code: string }) => row.code)).toEqual([
    "MANDATORY_NOT_FOUND",
    "INVALID_DATA",
    "SUCCESS",
  ]);
});

test("a renamed company shows its new name wherever it is linked", async () => {
  const b = bench();
  const id = b.id("Accounts");
  await b.call("PUT", `/Accounts/${id}`, { data: [{ Account_Name: "Renamed Ltd" }] });
  const { body } = await b.get(`/Accounts/${id}/Contacts`, { fields: "Account_Name" });
  expect(body.data[0].Account_Name).toEqual({ name: "Renamed Ltd", id });
});

test("stages belong to sub-pipelines, sub-pipelines to team pipelines", async () => {
  const b = bench();
  const [sales, onboarding] = (await b.get("/settings/layouts?module=Pipelines")).body.layouts;
  const pipelineOf = async (row: unknown) => {
    const { details } = await item(b, "Pipelines", row);
    return stored(b, "Pipelines", details.id)?.["Pipeline"];
  };
  expect(await pipelineOf(DEAL)).toEqual({ name: "Sales Pipeline", id: sales.id });
  const onboard = { Deal_Name: "x", Sub_Pipeline: "Premium Onboarding", Stage: "Pilot" };
  expect(await pipelineOf(onboard)).toEqual({ name: "Onboarding", id: onboarding.id });
  expect(await pipelineOf({ ...onboard, Pipeline: { id: onboarding.id } })).toMatchObject({
    name: "Onboarding",
  });
  const wrongStage = await item(b, "Pipelines", { ...DEAL, Stage: "Kickoff" });
  expect(wrongStage).toMatchObject({
    code: "MAPPING_MISMATCH",
    message: "Pipeline doesn't contain the Stage",
  });
  const wrongLayout = await item(b, "Pipelines", { ...DEAL, Layout: { id: onboarding.id } });
  expect(wrongLayout.message).toBe("Layout doesn't contain the Pipeline");
  expect((await item(b, "Pipelines", { ...DEAL, Stage: "Nope" })).code).toBe("INVALID_DATA");
  for (const name of ["Deal_Name", "Sub_Pipeline", "Stage"]) {
    const row = { ...DEAL, [name]: undefined };
    expect((await item(b, "Pipelines", row)).details.api_name).toBe(name);
  }
});

test("a deal moves within its sub-pipeline, or with a new sub-pipeline and stage", async () => {
  const b = bench();
  const { details } = await item(b, "Pipelines", DEAL);
  const move = async (row: unknown) =>
    (await b.call("PUT", `/Pipelines/${details.id}`, { data: [row] })).body.data[0].code;
  expect(await move({ Stage: "Renewed" })).toBe("SUCCESS");
  expect(await move({ Stage: "Discovery" })).toBe("MAPPING_MISMATCH");
  expect(await move({ Sub_Pipeline: "Enterprise Sales" })).toBe("MAPPING_MISMATCH");
  expect(await move({ Sub_Pipeline: "Onboarding Standard", Stage: "Kickoff" })).toBe("SUCCESS");
  expect(stored(b, "Pipelines", details.id)?.["Pipeline"]).toMatchObject({ name: "Onboarding" });
});

test("upsert says what it did; 201 only when it inserted alone", async () => {
  const b = bench();
  const upsert = (data: unknown[], duplicate_check_fields?: string[]) =>
    b.call("POST", "/Contacts/upsert", { data, duplicate_check_fields });
  const made = await upsert([{ Last_Name: "A", Email: "u@x.example" }], ["Email"]);
  expect([made.status, made.body.data[0].action, made.body.data[0].duplicate_field]).toEqual([
    201,
    "insert",
    null,
  ]);
  const both = await upsert(
    [{ Last_Name: "B", Email: "U@x.example" }, { Last_Name: "C" }],
    ["Email"],
  );
  expect(both.status).toBe(200);
  expect(both.body.data.map((row: { action: string }) => row.action)).toEqual(["update", "insert"]);
  expect(both.body.data[0]).toMatchObject({ duplicate_field: "Email", message: "record updated" });
  expect(both.body.data[0].details.id).toBe(made.body.data[0].details.id);
  const byDefault = await upsert([{ Last_Name: "D", Email: "u@x.example" }]);
  expect(byDefault.body.data[0].action).toBe("update");
  const failed = await upsert([{ First_Name: "E" }]);
  expect([failed.status, "action" in failed.body.data[0]]).toEqual([400, false]);
});

test("deleting: all known 200, some 207, none 400, and the bin remembers", async () => {
  const b = bench();
  const [one, two] = [b.id("Products", 0), b.id("Products", 1)];
  expect((await b.get("/Products/deleted")).status).toBe(204);
  expect((await b.call("DELETE", `/Products/${one}`)).body.data[0].message).toBe("record deleted");
  expect((await b.call("DELETE", `/Products?ids=${one},${two}&wf_trigger=false`)).status).toBe(207);
  const again = await b.call("DELETE", `/Products/${one}`);
  expect([again.status, again.body.data[0].code]).toEqual([400, "INVALID_DATA"]);
  expect((await b.call("DELETE", "/Products")).body.code).toBe("REQUIRED_PARAM_MISSING");
  const { body } = await b.get("/Products/deleted", { type: "recycle" });
  expect(body.data.map((entry: { id: string }) => entry.id)).toEqual([two, one]);
  expect(body.data[1]).toMatchObject({ display_name: "Harbor Tracker GPS Unit", type: "recycle" });
  expect((await b.get("/Products/deleted", { type: "permanent" })).status).toBe(204);
});

test("a deleted contact takes its links and notes along, and deals forget it", async () => {
  const b = bench();
  const { details } = await item(b, "Contacts", { Last_Name: "Gone" });
  const product = b.id("Products");
  await b.call("PUT", `/Contacts/${details.id}/Products/${product}`, { data: [{}] });
  await b.call("POST", `/Contacts/${details.id}/Notes`, { data: [{ Note_Content: "n" }] });
  const deal = await item(b, "Pipelines", { ...DEAL, Contact_Name: { id: details.id } });
  const notes = b.sandbox.store.records("Notes").size;
  await b.call("DELETE", `/Contacts/${details.id}`);
  expect(b.sandbox.store.records("Notes").size).toBe(notes - 1);
  expect(stored(b, "Pipelines", deal.details.id)?.["Contact_Name"]).toBeNull();
  expect(stored(b, "Products", product)).toBeDefined();
});

test("links are added once, then updated, then removed; activity moves, Modified_Time does not", async () => {
  const b = bench();
  const [contact, product] = [b.id("Contacts"), b.id("Products")];
  const path = `/Contacts/${contact}/Products/${product}`;
  const before = stored(b, "Products", product);
  const message = async (verb: string) =>
    (await b.call(verb, path, verb === "PUT" ? { data: [{}] } : undefined)).body.data[0].message;
  await b.call("DELETE", path);
  expect(await message("PUT")).toBe("relation added");
  expect(await message("PUT")).toBe("relation updated");
  const after = stored(b, "Products", product);
  expect(after?.["Last_Activity_Time"]).toBe("2026-11-20T10:00:00-05:00");
  expect(after?.["Modified_Time"]).toBe(before?.["Modified_Time"]);
  const back = await b.get(`/Products/${product}/Contacts`, { fields: "Full_Name" });
  expect(back.body.data.map((row: { id: string }) => row.id)).toContain(contact);
  expect(await message("DELETE")).toBe("relation removed");
  expect(await message("DELETE")).toBe("the related id given seems to be invalid");
  const bad = await b.get(`/Contacts/${contact}/Nope?fields=id`);
  expect([bad.status, bad.body.message]).toEqual([
    400,
    "the relation name given seems to be invalid",
  ]);
});

test("products of a deal are its Associated_Products rows", async () => {
  const b = bench();
  const product = b.id("Products");
  const { details } = await item(b, "Pipelines", {
    ...DEAL,
    Associated_Products: [{ Product: { id: product }, Quantity: 2, List_Price: 10 }],
  });
  const list = await b.get(`/Pipelines/${details.id}/Products`, { fields: "Product_Name" });
  expect(list.body.data[0].id).toBe(product);
  expect(list.body.info).not.toHaveProperty("sort_by");
  const rows = stored(b, "Pipelines", details.id)?.["Associated_Products"];
  expect(rows).toMatchObject([{ Product: { id: product }, Quantity: 2, Total: 20 }]);
});

test("renaming and deleting a product shows in the deals that have it", async () => {
  const b = bench();
  const product = b.id("Products");
  const { details } = await item(b, "Pipelines", {
    ...DEAL,
    Associated_Products: [{ Product: { id: product } }],
  });
  await b.call("PUT", `/Products/${product}`, { data: [{ Product_Name: "Renamed" }] });
  const rows = () => stored(b, "Pipelines", details.id)?.["Associated_Products"];
  expect(rows()).toMatchObject([{ Product: { name: "Renamed" } }]);
  await b.call("DELETE", `/Products/${product}`);
  expect(rows()).toEqual([]);
});

test("no row, however odd, is answered with anything but an outcome of its own", async () => {
  const b = bench();
  const fields = [
    ...(await b.get("/settings/fields?module=Pipelines")).body.fields,
    { api_name: "Layout" },
  ];
  const row = fc.dictionary(
    fc.constantFrom(...fields.map((field) => field.api_name)),
    fc.jsonValue(),
  );
  const check = fc.asyncProperty(row, fc.boolean(), async (odd, valid) => {
    const { status, body } = await insert(b, "Pipelines", valid ? { ...DEAL, ...odd } : odd);
    expect([201, 400]).toContain(status);
    expect(body.data[0].status).toBe(status === 201 ? "success" : "error");
  });
  await fc.assert(check, { numRuns: 200 });
});

test("notes live under their parent", async () => {
  const b = bench();
  const [contact, other] = [b.id("Contacts", 0), b.id("Contacts", 1)];
  const loose = await insert(b, "Notes", { Note_Content: "n", Parent_Id: { id: contact } });
  expect(loose.body.data[0].details.api_name).toBe("$se_module");
  const made = await insert(b, "Notes", {
    Note_Content: "n",
    Parent_Id: { id: contact },
    $se_module: "Contacts",
  });
  const id = made.body.data[0].details.id;
  const list = await b.get(`/Contacts/${contact}/Notes`, {
    fields: "Note_Content,Parent_Id,$se_module",
  });
  expect(list.body.data[0]).toMatchObject({
    id,
    $se_module: "Contacts",
    Parent_Id: { id: contact },
  });
  const put = (parent: string) =>
    b.call("PUT", `/Contacts/${parent}/Notes/${id}`, { data: [{ Note_Content: "changed" }] });
  expect((await put(other)).status).toBe(400);
  expect((await put(contact)).body.data[0].message).toBe("record updated");
  expect(stored(b, "Notes", id)).toMatchObject({
    Note_Content: "changed",
    Parent_Id: { id: contact },
  });
  const removed = await b.call("DELETE", `/Contacts/${contact}/Notes/${id}`);
  expect(removed.body.data[0].message).toBe("record deleted");
  expect((await b.call("DELETE", `/Notes?ids=${b.id("Notes")}`)).status).toBe(200);
});

test("an activity names its contact and what it is about", async () => {
  const b = bench();
  const row = {
    Subject: "Call",
    Who_Id: { id: b.id("Contacts") },
    What_Id: { id: b.id("Pipelines") },
  };
  expect((await item(b, "Tasks", row)).details.api_name).toBe("$se_module");
  const { details } = await item(b, "Tasks", { ...row, $se_module: "Pipelines" });
  expect(stored(b, "Tasks", details.id)).toMatchObject({
    Status: "Not Started",
    Closed_Time: null,
  });
  await b.call("PUT", `/Tasks/${details.id}`, { data: [{ Status: "Completed" }] });
  expect(stored(b, "Tasks", details.id)?.["Closed_Time"]).toBe("2026-11-20T10:00:00-05:00");
  for (const path of [
    `/Contacts/${b.id("Contacts")}/Tasks`,
    `/Pipelines/${b.id("Pipelines")}/Tasks`,
  ]) {
    const list = await b.get(path, { fields: "Subject" });
    expect(list.body.data.map((task: { id: string }) => task.id)).toContain(details.id);
  }
});
