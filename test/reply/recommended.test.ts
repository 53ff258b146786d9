import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { idsOf } from "../support/replies.ts";
import { type Reply, record } from "../support/writes.ts";

/** What an error recommends: quoted texts and forms after "such as" and "or". */
function formsIn(told: string): string[] {
  const [, advice = ""] = /such as (.*?)(?:;|: |, unless| the due date|$)/.exec(told) ?? [];
  return advice
    .split(/ or (?:whole minutes, such as )?|, or /)
    .map((form) => form.replace(/^"|"$|^whole minutes, such as /g, ""))
    .filter(Boolean);
}

const call = { Subject: "Ring", Call_Type: "Outbound", Call_Start_Time: "tomorrow at 9 am" };
const visit = {
  Event_Title: "Visit",
  Start_DateTime: "2026-01-01 10:00",
  End_DateTime: "2037-01-01 10:00",
};
const deal = {
  Deal_Name: "Probe",
  Sub_Pipeline: "Sales Pipeline Standard",
  Stage: "Qualification",
};

test.each<[module: string, row: Reply, field: string]>([
  ["tasks", { Subject: "Task" }, "Due_Date"],
  ["tasks", { Subject: "Task", Due_Date: "2031-12-24" }, "Remind_At"],
  ["tasks", { Subject: "Task", Due_Date: "2031-12-24" }, "Recurring_Activity"],
  ["events", visit, "Remind_At"],
  ["events", visit, "Start_DateTime"],
  ["calls", call, "Call_Start_Time"],
  ["calls", call, "Call_Duration"],
  ["deals", deal, "Amount"],
  ["contacts", { Last_Name: "Probe" }, "Lead_Score"],
  ["contacts", { Last_Name: "Probe" }, "Email"],
])(
  "in %s with %j, the forms that an error about %s recommends are taken",
  async (module, row, field) => {
    const { call, fail } = await connect();
    const told = await fail.create(module, [{ ...row, [field]: "nonsense" }]);
    const forms = formsIn(told);
    expect(forms.length, told).toBeGreaterThan(0);
    for (const form of forms) await call.create(module, [{ ...row, [field]: form }]);
  },
);

test("the dates that an error about a filter recommends are taken", async () => {
  const { call, fail } = await connect();
  const filters = (value: string) => ({ filters: [{ field: "Due_Date", op: "equals", value }] });
  const told = await fail.search("tasks", filters("nonsense"));
  const phrases = [...told.matchAll(/"([^"]+)"/g)].map(([, phrase]) => String(phrase)).slice(1);
  expect(phrases.length).toBeGreaterThan(2);
  for (const phrase of phrases) await call.search("tasks", filters(phrase));
});

test("is_empty is recommended only where it is taken", async () => {
  const { call, fail } = await connect();
  for (const field of ["Email_Opt_Out", "Email", "Owner", "Lead_Score", "Created_Time", "Tag"]) {
    const told = await fail.search("contacts", { filters: [{ field, op: "equals" }] });
    const empty = { filters: [{ field, op: "is_empty" }] };
    if (told.includes("is_empty")) await call.search("contacts", empty);
    else await fail.search("contacts", empty);
  }
});

test("null is recommended only where a field may be cleared", async () => {
  const { call, fail, sandbox } = await connect();
  for (const [module, field] of [
    ["Calls", "Call_Type"],
    ["Products", "Product_Category"],
    ["Tasks", "Priority"],
  ] as const) {
    const { id } = record(sandbox, module);
    const told = await fail.update(module, [{ id, [field]: "" }]);
    if (told.includes("null")) await call.update(module, [{ id, [field]: null }]);
    else await fail.update(module, [{ id, [field]: null }]);
  }
});

test("of two users with one name, what the error offers is taken", async () => {
  const { call, fail, sandbox } = await connect({
    alter: (path, body) =>
      path.endsWith("/users") && Array.isArray(body["users"])
        ? {
            ...body,
            users: body["users"].map((one) => ({ ...one, full_name: "Sam Twin", email: null })),
          }
        : body,
  });
  const { id } = record(sandbox, "Contacts");
  const told = await fail.update("contacts", [{ id, Owner: "Sam Twin" }]);
  const offered = [...told.matchAll(/<([^>]+)>/g)].map(([, one]) => one);
  expect(offered.length).toBeGreaterThan(1);
  for (const Owner of offered) await call.update("contacts", [{ id, Owner }]);
});

test("the module that an error about a link recommends is taken", async () => {
  const { call, fail, sandbox } = await connect();
  const about = { Parent_Id: record(sandbox, "Pipelines").id, Note_Content: "n" };
  const [, module] = /such as "(.+?)"/.exec(await fail.create("notes", [about])) ?? [];
  expect(idsOf(await call.create("notes", [{ ...about, $se_module: module }]))).toHaveLength(1);
});

test.each(["Contacts", "Notes", "Tasks", "Events", "Calls", "Pipelines", "Accounts", "Products"])(
  "the call that shows what was written to %s can be made",
  async (module) => {
    const { call } = await connect();
    await call.list(module, { sort_by: "Created_Time", sort_order: "desc" });
  },
);
