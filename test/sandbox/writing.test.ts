import fc from "fast-check";
import { expect, test } from "vitest";
import { createSandboxClient, type SandboxClient } from "../support/sandbox-client.ts";

const deal = { Deal_Name: "Test deal", Sub_Pipeline: "Renewals", Stage: "Quote Sent" };

/** Inserts one row. Returns its outcome. */
async function insertOne({ insert }: SandboxClient, module: string, row: unknown) {
  return (await insert(module, row)).row;
}

test("rows succeed and fail on their own, and outcomes are in the order of the request", async () => {
  const { insert } = createSandboxClient();
  const rows = [{ Last_Name: "A" }, { First_Name: "B" }, { Last_Name: "C" }];
  const { status, body } = await insert("Contacts", ...rows);
  expect(status).toBe(207);
  expect(body.data.map((row) => row.code)).toEqual(["SUCCESS", "MANDATORY_NOT_FOUND", "SUCCESS"]);
  expect(body.data[1]?.details).toEqual({
    api_name: "Last_Name",
    json_path: "$.data[1].Last_Name",
  });
});

test("the status is 400 when every row fails and 201 when every row is inserted", async () => {
  const { insert } = createSandboxClient();
  const failed = await insert("Contacts", { First_Name: "B" });
  expect([failed.status, failed.row.status]).toEqual([400, "error"]);
  const inserted = await insert("Contacts", { Last_Name: "D" });
  expect([inserted.status, inserted.row.status]).toEqual([201, "success"]);
});

test("a write takes at most 100 rows, and data must be an array", async () => {
  const { send, insert } = createSandboxClient();
  const many = await insert("Contacts", ...Array(101).fill({ Last_Name: "x" }));
  expect(many.body).toMatchObject({ code: "LIMIT_EXCEEDED", details: { limit: 100 } });
  for (const body of [{ data: {} }, {}, "not json"])
    expect((await send("POST", "/Contacts", body)).body.code).toBe("INVALID_DATA");
});

test("unique fields are compared without case, and the error names the duplicate", async () => {
  const client = createSandboxClient();
  const first = await insertOne(client, "Contacts", { Last_Name: "A", Email: "Same@Example.com" });
  const second = await insertOne(client, "Contacts", { Last_Name: "B", Email: "same@example.COM" });
  expect(second).toMatchObject({
    code: "DUPLICATE_DATA",
    details: { api_name: "Email", id: first.details.id },
  });
  const account = await insertOne(client, "Accounts", { Account_Name: "ALPINE FREIGHT" });
  expect(account.code).toBe("DUPLICATE_DATA");
});

test("deals may share a name", async () => {
  const client = createSandboxClient();
  expect((await insertOne(client, "Pipelines", deal)).code).toBe("SUCCESS");
  expect((await insertOne(client, "Pipelines", deal)).code).toBe("SUCCESS");
});

test("unknown and read-only fields are silently dropped", async () => {
  const client = createSandboxClient();
  const { details, code } = await insertOne(client, "Contacts", {
    Last_Name: "A",
    Nope: 1,
    Created_Time: "2001-01-01T00:00:00Z",
    Full_Name: "Somebody Else",
  });
  expect(code).toBe("SUCCESS");
  const record = client.stored("Contacts", details.id);
  expect(record).not.toHaveProperty("Nope");
  expect(record).toMatchObject({ Full_Name: "A", Created_Time: "2026-11-20T10:00:00-05:00" });
});

test.each<[module: string, row: Record<string, unknown>, details: Record<string, unknown>]>([
  ["Contacts", { Last_Name: "x".repeat(81) }, { api_name: "Last_Name", maximum_length: 80 }],
  ["Contacts", { Last_Name: "x", Email: "nobody" }, { api_name: "Email" }],
  ["Contacts", { Last_Name: "x", Lead_Score: 1.5 }, { expected_data_type: "integer" }],
  ["Contacts", { Last_Name: "x", Email_Opt_Out: "yes" }, { expected_data_type: "boolean" }],
  ["Products", { Product_Name: "x", Unit_Price: "12" }, { expected_data_type: "double" }],
  ["Products", { Product_Name: "x", Product_Category: "Nope" }, { api_name: "Product_Category" }],
  ["Products", { Product_Name: "x", Product_Category: "" }, { api_name: "Product_Category" }],
  ["Pipelines", { ...deal, Closing_Date: "11/30/2026" }, { expected_data_type: "date" }],
  ["Pipelines", { ...deal, Closing_Date: "2026-02-30" }, { expected_data_type: "date" }],
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
])("in %s, %j is INVALID_DATA", async (module, row, details) => {
  const { status, row: outcome } = await createSandboxClient().insert(module, row);
  expect([status, outcome.code]).toEqual([400, "INVALID_DATA"]);
  expect(outcome.details).toMatchObject(details);
});

test("a lookup given as text links the company of this name or id, or creates it", async () => {
  const client = createSandboxClient();
  const count = () => client.sandbox.store.records("Accounts").size;
  const before = count();
  const account = async (value: unknown) => {
    const id = await client.add("Contacts", {
      Last_Name: "A",
      Account_Name: value,
    });
    return client.stored("Contacts", id)?.["Account_Name"];
  };
  expect(await account("Brand New Ltd")).toMatchObject({ name: "Brand New Ltd" });
  expect(count()).toBe(before + 1);
  expect(await account("brand new ltd")).toMatchObject({ name: "Brand New Ltd" });
  expect(await account(client.id("Accounts"))).toMatchObject({ name: "Northwind Traders" });
  expect(count()).toBe(before + 1);
});

test("a rejected row creates no company", async () => {
  const client = createSandboxClient();
  const before = client.sandbox.store.records("Accounts").size;
  await insertOne(client, "Contacts", { Account_Name: "Ghost Ltd", Last_Name: "A", Email: "bad" });
  expect(client.sandbox.store.records("Accounts").size).toBe(before);
});

test("an update changes only the given fields, null clears, and Modified_Time always moves", async () => {
  const client = createSandboxClient();
  const id = await client.add("Contacts", { Last_Name: "A", First_Name: "B", Title: "T" });
  client.time.now += 5_000;
  const reply = await client.put(`/Contacts/${id}`, { Title: null, First_Name: "C" });
  expect([reply.status, reply.row.message]).toEqual([200, "record updated"]);
  expect(client.stored("Contacts", id)).toMatchObject({ Full_Name: "C A", Title: null });
  client.time.now += 5_000;
  await client.put("/Contacts", { id, Last_Name: "A" });
  expect(client.stored("Contacts", id)?.["Modified_Time"]).toBe("2026-11-20T10:00:10-05:00");
});

test("a bulk update needs the ids of records", async () => {
  const client = createSandboxClient();
  const { status, body } = await client.put(
    "/Contacts",
    { Title: "x" },
    { id: "7618134000999999999", Title: "x" },
    { id: client.id("Contacts"), Title: "x" },
  );
  expect(status).toBe(207);
  const codes = ["MANDATORY_NOT_FOUND", "INVALID_DATA", "SUCCESS"];
  expect(body.data.map((row) => row.code)).toEqual(codes);
});

test("a renamed company has its new name in every lookup", async () => {
  const client = createSandboxClient();
  const id = client.id("Accounts");
  await client.put(`/Accounts/${id}`, { Account_Name: "Renamed Ltd" });
  const { body } = await client.get(`/Accounts/${id}/Contacts`, { fields: "Account_Name" });
  expect(body.data[0]?.["Account_Name"]).toEqual({ name: "Renamed Ltd", id });
});

test("a stage must be in the sub-pipeline, and a sub-pipeline in the team pipeline", async () => {
  const client = createSandboxClient();
  const { layouts } = (await client.get("/settings/layouts?module=Pipelines")).body;
  const [sales, onboarding] = layouts.map((layout) => layout.id);
  const pipelineOf = async (row: unknown) =>
    client.stored("Pipelines", await client.add("Pipelines", row))?.["Pipeline"];
  expect(await pipelineOf(deal)).toEqual({ name: "Sales Pipeline", id: sales });
  const onboard = { Deal_Name: "x", Sub_Pipeline: "Premium Onboarding", Stage: "Pilot" };
  expect(await pipelineOf(onboard)).toEqual({ name: "Onboarding", id: onboarding });
  const team = await pipelineOf({ ...onboard, Pipeline: { id: onboarding } });
  expect(team).toMatchObject({ name: "Onboarding" });
  const refused = (more: object) => insertOne(client, "Pipelines", { ...deal, ...more });
  expect(await refused({ Stage: "Kickoff" })).toMatchObject({
    code: "MAPPING_MISMATCH",
    message: "Pipeline doesn't contain the Stage",
  });
  const { message } = await refused({ Layout: { id: onboarding } });
  expect(message).toBe("Layout doesn't contain the Pipeline");
  expect((await refused({ Stage: "Nope" })).code).toBe("INVALID_DATA");
  for (const name of ["Deal_Name", "Sub_Pipeline", "Stage"])
    expect((await refused({ [name]: undefined })).details.api_name).toBe(name);
});

test("a deal changes its stage within its sub-pipeline, or both together", async () => {
  const client = createSandboxClient();
  const id = await client.add("Pipelines", deal);
  const move = async (row: unknown) => (await client.put(`/Pipelines/${id}`, row)).row.code;
  expect(await move({ Stage: "Renewed" })).toBe("SUCCESS");
  expect(await move({ Stage: "Discovery" })).toBe("MAPPING_MISMATCH");
  expect(await move({ Sub_Pipeline: "Enterprise Sales" })).toBe("MAPPING_MISMATCH");
  expect(await move({ Sub_Pipeline: "Onboarding Standard", Stage: "Kickoff" })).toBe("SUCCESS");
  expect(client.stored("Pipelines", id)?.["Pipeline"]).toMatchObject({
    name: "Onboarding",
  });
});

test("upsert reports what it did, with 201 when it only inserted", async () => {
  const client = createSandboxClient();
  const upsert = (data: unknown[], duplicate_check_fields?: string[]) =>
    client.send("POST", "/Contacts/upsert", { data, duplicate_check_fields });
  const inserted = await upsert([{ Last_Name: "A", Email: "u@x.example" }], ["Email"]);
  expect(inserted.status).toBe(201);
  expect(inserted.row).toMatchObject({ action: "insert", duplicate_field: null });
  const rows = [{ Last_Name: "B", Email: "U@x.example" }, { Last_Name: "C" }];
  const both = await upsert(rows, ["Email"]);
  expect(both.status).toBe(200);
  expect(both.body.data).toMatchObject([
    { action: "update", duplicate_field: "Email", message: "record updated" },
    { action: "insert" },
  ]);
  expect(both.row.details.id).toBe(inserted.row.details.id);
  const byDefault = await upsert([{ Last_Name: "D", Email: "u@x.example" }]);
  expect(byDefault.row.action).toBe("update");
  const failed = await upsert([{ First_Name: "E" }]);
  expect([failed.status, "action" in failed.row]).toEqual([400, false]);
});

test("deleting is 200 for known ids, 207 for some and 400 for none, and fills the recycle bin", async () => {
  const client = createSandboxClient();
  const [one, two] = [client.id("Products", 0), client.id("Products", 1)];
  expect((await client.get("/Products/deleted")).status).toBe(204);
  expect((await client.send("DELETE", `/Products/${one}`)).row.message).toBe("record deleted");
  expect((await client.send("DELETE", `/Products?ids=${one},${two}&wf_trigger=false`)).status).toBe(
    207,
  );
  const again = await client.send("DELETE", `/Products/${one}`);
  expect([again.status, again.row.code]).toEqual([400, "INVALID_DATA"]);
  expect((await client.send("DELETE", "/Products")).body.code).toBe("REQUIRED_PARAM_MISSING");
  const { body } = await client.get("/Products/deleted", { type: "recycle" });
  expect(body.data.map((entry) => entry.id)).toEqual([two, one]);
  expect(body.data[1]).toMatchObject({ display_name: "Harbor Tracker GPS Unit", type: "recycle" });
  expect((await client.get("/Products/deleted", { type: "permanent" })).status).toBe(204);
});

test("deleting a contact deletes its notes and removes it from deals, but not its products", async () => {
  const client = createSandboxClient();
  const id = await client.add("Contacts", { Last_Name: "Gone" });
  const product = client.id("Products");
  await client.put(`/Contacts/${id}/Products/${product}`, {});
  await client.send("POST", `/Contacts/${id}/Notes`, { data: [{ Note_Content: "n" }] });
  const linked = await client.add("Pipelines", { ...deal, Contact_Name: { id } });
  const notes = client.sandbox.store.records("Notes").size;
  await client.send("DELETE", `/Contacts/${id}`);
  expect(client.sandbox.store.records("Notes").size).toBe(notes - 1);
  expect(client.stored("Pipelines", linked)?.["Contact_Name"]).toBeNull();
  expect(client.stored("Products", product)).toBeDefined();
});

test("links are added, updated and removed; this moves the last activity, not Modified_Time", async () => {
  const client = createSandboxClient();
  const [contact, product] = [client.id("Contacts"), client.id("Products")];
  const path = `/Contacts/${contact}/Products/${product}`;
  const before = client.stored("Products", product);
  const message = async (verb: string) =>
    (await client.send(verb, path, verb === "PUT" ? { data: [{}] } : undefined)).row.message;
  await client.send("DELETE", path);
  expect(await message("PUT")).toBe("relation added");
  expect(await message("PUT")).toBe("relation updated");
  const after = client.stored("Products", product);
  expect(after?.["Last_Activity_Time"]).toBe("2026-11-20T10:00:00-05:00");
  expect(after?.["Modified_Time"]).toBe(before?.["Modified_Time"]);
  const back = await client.get(`/Products/${product}/Contacts`, { fields: "Full_Name" });
  expect(back.body.data.map((row) => row.id)).toContain(contact);
  expect(await message("DELETE")).toBe("relation removed");
  expect(await message("DELETE")).toBe("the related id given seems to be invalid");
  const bad = await client.get(`/Contacts/${contact}/Nope?fields=id`);
  expect([bad.status, bad.body.message]).toEqual([
    400,
    "the relation name given seems to be invalid",
  ]);
});

test("the products of a deal are its Associated_Products rows", async () => {
  const client = createSandboxClient();
  const product = client.id("Products");
  const id = await client.add("Pipelines", {
    ...deal,
    Associated_Products: [{ Product: { id: product }, Quantity: 2, List_Price: 10 }],
  });
  const list = await client.get(`/Pipelines/${id}/Products`, { fields: "Product_Name" });
  expect(list.row.id).toBe(product);
  expect(list.body.info).not.toHaveProperty("sort_by");
  const rows = client.stored("Pipelines", id)?.["Associated_Products"];
  expect(rows).toMatchObject([{ Product: { id: product }, Quantity: 2, Total: 20 }]);
});

test("deals follow a product that is renamed or deleted", async () => {
  const client = createSandboxClient();
  const product = client.id("Products");
  const id = await client.add("Pipelines", {
    ...deal,
    Associated_Products: [{ Product: { id: product } }],
  });
  await client.put(`/Products/${product}`, { Product_Name: "Renamed" });
  const rows = () => client.stored("Pipelines", id)?.["Associated_Products"];
  expect(rows()).toMatchObject([{ Product: { name: "Renamed" } }]);
  await client.send("DELETE", `/Products/${product}`);
  expect(rows()).toEqual([]);
});

test("any row has an outcome", async () => {
  const client = createSandboxClient();
  const fields = [
    ...(await client.get("/settings/fields?module=Pipelines")).body.fields,
    { api_name: "Layout" },
  ];
  const row = fc.dictionary(
    fc.constantFrom(...fields.map((field) => field.api_name)),
    fc.jsonValue(),
  );
  const check = fc.asyncProperty(row, fc.boolean(), async (odd, valid) => {
    const reply = await client.insert("Pipelines", valid ? { ...deal, ...odd } : odd);
    const { status } = reply;
    expect([201, 400]).toContain(status);
    expect(reply.row.status).toBe(status === 201 ? "success" : "error");
  });
  await fc.assert(check, { numRuns: 200 });
});

test("notes are created, changed and deleted under their parent", async () => {
  const client = createSandboxClient();
  const [contact, other] = [client.id("Contacts", 0), client.id("Contacts", 1)];
  const loose = await client.insert("Notes", { Note_Content: "n", Parent_Id: { id: contact } });
  expect(loose.row.details.api_name).toBe("$se_module");
  const inserted = await client.insert("Notes", {
    Note_Content: "n",
    Parent_Id: { id: contact },
    $se_module: "Contacts",
  });
  const { id } = inserted.row.details;
  const list = await client.get(`/Contacts/${contact}/Notes`, {
    fields: "Note_Content,Parent_Id,$se_module",
  });
  expect(list.body.data[0]).toMatchObject({
    id,
    $se_module: "Contacts",
    Parent_Id: { id: contact },
  });
  const put = (parent: string) =>
    client.put(`/Contacts/${parent}/Notes/${id}`, { Note_Content: "changed" });
  expect((await put(other)).status).toBe(400);
  expect((await put(contact)).row.message).toBe("record updated");
  expect(client.stored("Notes", id)).toMatchObject({
    Note_Content: "changed",
    Parent_Id: { id: contact },
  });
  const removed = await client.send("DELETE", `/Contacts/${contact}/Notes/${id}`);
  expect(removed.row.message).toBe("record deleted");
  expect((await client.send("DELETE", `/Notes?ids=${client.id("Notes")}`)).status).toBe(200);
});

test("an activity is listed under its contact and under the record it is about", async () => {
  const client = createSandboxClient();
  const [contact, about] = [client.id("Contacts"), client.id("Pipelines")];
  const row = { Subject: "Call", Who_Id: { id: contact }, What_Id: { id: about } };
  expect((await insertOne(client, "Tasks", row)).details.api_name).toBe("$se_module");
  const id = await client.add("Tasks", { ...row, $se_module: "Pipelines" });
  const task = () => client.stored("Tasks", id);
  expect(task()).toMatchObject({ Status: "Not Started", Closed_Time: null });
  await client.put(`/Tasks/${id}`, { Status: "Completed" });
  expect(task()?.["Closed_Time"]).toBe("2026-11-20T10:00:00-05:00");
  for (const path of [`/Contacts/${contact}/Tasks`, `/Pipelines/${about}/Tasks`]) {
    const list = await client.get(path, { fields: "Subject" });
    expect(list.body.data.map((one) => one.id)).toContain(id);
  }
});
