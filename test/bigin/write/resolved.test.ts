import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { idsOf, textsIn } from "../../support/replies.ts";
import { type Connected, type Reply, record, recordsIn, writes } from "../../support/writes.ts";

const dealRow = {
  Deal_Name: "Probe",
  Sub_Pipeline: "Sales Pipeline Standard",
  Stage: "Qualification",
};

/** The day so many days after today, where the organisation is. */
async function dayIn(
  days: number,
  call: Connected["call"],
): Promise<{ date: string; weekday: string }> {
  const [id = ""] = idsOf(
    await call.create("tasks", [{ Subject: "Day", Due_Date: `in ${days} days` }]),
  );
  const { record } = await call.get("tasks", id);
  const date = String(Object(record)["Due_Date"]);
  const weekday = new Date(date).toLocaleDateString("en", { weekday: "long", timeZone: "UTC" });
  return { date, weekday: weekday.toLowerCase() };
}

const stored = ({ sandbox }: Connected, module: string, reply: Reply) =>
  sandbox.store.records(module).get(idsOf(reply)[0] ?? "");

test("users, companies, contacts and days of a write are reported as what they were taken for", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const company = record(sandbox, "Accounts");
  const contact = record(sandbox, "Contacts");
  const tom = sandbox.store.users().find((user) => user.first_name === "Tom");
  const { date, weekday } = await dayIn(3, call);
  const created = await call.create("deals", [
    {
      ...dealRow,
      Owner: "Tom",
      Account_Name: String(company["Account_Name"]).toUpperCase(),
      Contact_Name: contact["Full_Name"],
      Closing_Date: `next ${weekday}`,
    },
  ]);
  const [owner = "", account = "", person = "", day = ""] = [
    "Owner",
    "Account",
    "Contact",
    "Closing",
  ].map((field) => textsIn(created, "resolved").find((line) => line.startsWith(field)));
  for (const part of ['"Tom"', `${tom?.first_name} ${tom?.last_name}`, tom?.id])
    expect(owner).toContain(part);
  for (const part of [company["Account_Name"], company.id]) expect(account).toContain(part);
  for (const part of [contact["Full_Name"], contact.id]) expect(person).toContain(part);
  expect(day).toContain(date);
  expect(stored(connected, "Pipelines", created)).toMatchObject({
    Owner: { id: tom?.id },
    Account_Name: { id: company.id },
    Closing_Date: date,
  });
});

test("the users of a list, the lines of a deal and the participants of an event are reported too", async () => {
  const { call, sandbox } = await connect();
  const product = record(sandbox, "Products");
  const contact = record(sandbox, "Contacts");
  const deal = await call.create("deals", [
    {
      ...dealRow,
      Secondary_Contacts: [contact["Full_Name"]],
      Associated_Products: [{ Product: product["Product_Name"], Quantity: 2 }],
    },
  ]);
  expect(String(deal["resolved"])).toContain(product.id);
  expect(String(deal["resolved"])).toContain(contact.id);
  const event = await call.create("events", [
    {
      Event_Title: "Visit",
      Start_DateTime: "tomorrow at 10 am",
      End_DateTime: "tomorrow at 11 am",
      Participants: ["me", contact["Full_Name"]],
    },
  ]);
  const [me] = sandbox.store.users().filter(({ admin }) => admin);
  expect(textsIn(event, "resolved")).toEqual([
    expect.stringMatching(/^Start_DateTime .*T10:00:00/),
    expect.stringMatching(/^End_DateTime .*T11:00:00/),
    expect.stringContaining(String(me?.id)),
    expect.stringContaining(contact.id),
  ]);
});

test("the team pipeline of a deal, the day of a reminder and the rule of a recurrence are reported", async () => {
  const { call } = await connect();
  const deal = await call.create("deals", [dealRow]);
  expect(textsIn(deal, "resolved")).toEqual([
    expect.stringMatching(/^Pipeline .*"Sales Pipeline"/),
  ]);
  const task = await call.create("tasks", [
    {
      Subject: "Report",
      Due_Date: "2027-12-14",
      Remind_At: "2 days before",
      Recurring_Activity: "every Monday until June 2028",
    },
  ]);
  expect(textsIn(task, "resolved")).toEqual([
    expect.stringContaining("2027-12-12T09:00:00"),
    expect.stringContaining("UNTIL=2028-06-30"),
  ]);
});

test("what was given as it is stored is not reported", async () => {
  const { call, sandbox } = await connect();
  const company = record(sandbox, "Accounts");
  const reply = await call.create("contacts", [{ Last_Name: "Plain", Account_Name: company.id }]);
  expect(reply["resolved"]).toBeUndefined();
  const task = await call.create("tasks", [{ Subject: "Plain", Due_Date: "2027-12-14" }]);
  expect(task["resolved"]).toBeUndefined();
});

test("what many rows were taken for is reported once, and within the budget", async () => {
  const { call } = await connect({ replyTokens: 1500 });
  const rows = Array.from({ length: 300 }, (_, at) => ({ Last_Name: `Many ${at}`, Owner: "me" }));
  expect(textsIn(await call.create("contacts", rows), "resolved")).toHaveLength(1);
  const days = Array.from({ length: 300 }, (_, at) => ({
    Subject: "Many",
    Due_Date: `in ${at} days`,
  }));
  const lines = textsIn(await call.create("tasks", days), "resolved");
  expect(lines.length).toBeLessThan(60);
  expect(lines.at(-1)).toContain("more");
});

test("previews show users and companies by name, and what texts were taken for", async () => {
  const { call, sandbox, sent } = await connect();
  const [first, second] = recordsIn(sandbox, "Accounts");
  const contact = recordsIn(sandbox, "Contacts").find(
    (one) => Object(one["Account_Name"]).id === first?.id,
  );
  const changes = { id: contact?.id, Account_Name: second?.["Account_Name"], Owner: "Diego" };
  const preview = await call.update("contacts", [changes], { dry_run: true });
  const [row] = preview["rows"] as Reply[];
  expect(row?.["changes"]).toMatchObject({
    Account_Name: [first?.["Account_Name"], second?.["Account_Name"]],
    Owner: [expect.any(String), "Diego Marín"],
  });
  expect(row?.["payload"]).toMatchObject({ Account_Name: { id: second?.id } });
  expect(textsIn(preview, "resolved")).toHaveLength(2);
  expect(writes({ sent })).toEqual([]);
  const asked = await connect({ confirm: "writes" });
  const question = await asked.call.create("deals", [{ ...dealRow, Owner: "Priya" }]);
  expect(String(Object(question["preview"])["resolved"])).toContain("Priya Raman");
});

test.each([
  ["", "on "],
  ["On ", ""],
])("a plain weekday is the next such day: %s", async (before) => {
  const connected = await connect();
  const { call } = connected;
  for (const days of [1, 2, 3, 4, 5, 6, 7]) {
    const { date, weekday } = await dayIn(days, call);
    for (const word of [weekday, weekday.slice(0, 3)]) {
      const reply = await call.create("tasks", [{ Subject: "Call", Due_Date: `${before}${word}` }]);
      expect(stored(connected, "Tasks", reply)?.["Due_Date"]).toBe(date);
      // For the name of today, seven days: the reply says so.
      const [line] = textsIn(reply, "resolved");
      expect(line).toContain(days === 1 ? "in 1 day" : `in ${days} days`);
    }
  }
});

test.each(["at 3pm", "15:00", "at 15:00:00"])("a plain weekday takes a time: %s", async (clock) => {
  const connected = await connect();
  const { date, weekday } = await dayIn(4, connected.call);
  for (const text of [`${weekday} ${clock}`, `${clock.replace(/^at /, "")} on ${weekday}`]) {
    const call = { Subject: "Ring", Call_Type: "Outbound", Call_Start_Time: text };
    const reply = await connected.call.create("calls", [call]);
    expect(stored(connected, "Calls", reply)?.["Call_Start_Time"]).toContain(`${date}T15:00:00`);
  }
});

test("a plain weekday in a filter is refused: it can be the next or the last one", async () => {
  const { call, fail } = await connect();
  const filter = (value: string) => ({ filters: [{ field: "Due_Date", op: "equals", value }] });
  await fail.search("tasks", filter("monday"));
  for (const value of ["next monday", "last monday"]) await call.search("tasks", filter(value));
});

test.each(["documented", "engine"] as const)(
  "%s: an upsert and an update report too",
  async (contract) => {
    const { call, sandbox } = await connect({ contract });
    const rows = [{ Last_Name: "Up", Email: "up@example.com", Owner: "Tom" }];
    for (const reply of [
      await call.upsert("contacts", rows),
      await call.update("contacts", [{ id: record(sandbox, "Contacts").id, Owner: "Tom" }]),
    ])
      expect(textsIn(reply, "resolved")).toEqual([expect.stringContaining("Tom Okafor")]);
  },
);
