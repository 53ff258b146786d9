import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { idsOf } from "../../support/replies.ts";
import { record } from "../../support/writes.ts";

const contracts = ["documented", "engine"] as const;
const clock = () => Date.parse("2026-11-27T15:00:00Z");

test.each(contracts)("%s: reminders and recurrence are taken in plain words", async (contract) => {
  const { call, sandbox } = await connect({ contract, clock });
  const task = {
    Subject: "Report",
    Due_Date: "2026-12-14",
    Remind_At: "2 days before",
    Recurring_Activity: "every Monday until June 2027",
  };
  const event = {
    Event_Title: "Visit",
    Start_DateTime: "2026-12-24 10:00",
    End_DateTime: "2026-12-24 11:00",
    Remind_At: ["15 minutes before", "1 day before"],
    Recurring_Activity: "every 2 weeks until 2027-03-31",
  };
  const [taskId = ""] = idsOf(await call.create("Tasks", [task]));
  const [eventId = ""] = idsOf(await call.create("Events", [event]));
  expect(sandbox.store.records("Tasks").get(taskId)).toMatchObject({
    Remind_At: { ALARM: "FREQ=NONE;ACTION=EMAIL;TRIGGER=DATE-TIME:2026-12-12T09:00:00-05:00" },
    Recurring_Activity: {
      RRULE: "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO;UNTIL=2027-06-30;DTSTART=2026-12-14",
    },
  });
  expect(sandbox.store.records("Events").get(eventId)).toMatchObject({
    Remind_At: [
      { unit: 15, period: "minutes" },
      { unit: 1, period: "days" },
    ],
    Recurring_Activity: {
      RRULE: "FREQ=WEEKLY;INTERVAL=2;UNTIL=2027-03-31;DTSTART=2026-12-24",
    },
  });
  await call.update("Tasks", [{ id: taskId, Remind_At: "2026-12-13 08:30" }]);
  expect(sandbox.store.records("Tasks").get(taskId)).toMatchObject({
    Remind_At: { ALARM: expect.stringContaining("2026-12-13T08:30:00-05:00") },
  });
});

test.each(contracts)(
  "%s: participants are users, contacts and e-mail addresses",
  async (contract) => {
    const { call, sandbox } = await connect({ contract });
    const person = record(sandbox, "Contacts");
    const event = {
      Event_Title: "Visit",
      Start_DateTime: "2026-12-24 10:00",
      End_DateTime: "2026-12-24 11:00",
      Participants: ["ann@example.com", "me", person["Full_Name"], person.id],
    };
    const [id = ""] = idsOf(await call.create("Events", [event]));
    const [me] = sandbox.store.users().filter(({ admin }) => admin);
    expect(sandbox.store.records("Events").get(id)?.["Participants"]).toMatchObject([
      { type: "email", participant: "ann@example.com" },
      { type: "user", participant: me?.id },
      { type: "contact", participant: person.id },
      { type: "contact", participant: person.id },
    ]);
  },
);

test("a participant by the id of a user is a user, and a name of two users is refused", async () => {
  const { call, fail, sandbox } = await connect({
    alter: (path, body) =>
      path.endsWith("/users") && Array.isArray(body["users"])
        ? { ...body, users: body["users"].map((one) => ({ ...one, full_name: "Sam Twin" })) }
        : body,
  });
  const [user] = sandbox.store.users();
  const event = {
    Event_Title: "Visit",
    Start_DateTime: "2026-12-24 10:00",
    End_DateTime: "2026-12-24 11:00",
  };
  const [id = ""] = idsOf(await call.create("Events", [{ ...event, Participants: [user?.id] }]));
  expect(sandbox.store.records("Events").get(id)?.["Participants"]).toMatchObject([
    { type: "user", participant: user?.id },
  ]);
  const told = await fail.create("Events", [{ ...event, Participants: ["Sam Twin"] }]);
  expect(told).toContain("could be");
});

test.each([
  ["every weekday", "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR"],
  ["every Wed", "FREQ=WEEKLY;INTERVAL=1;BYDAY=WE"],
  ["every thurs", "FREQ=WEEKLY;INTERVAL=1;BYDAY=TH"],
  ["every other friday", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"],
  ["daily", "FREQ=DAILY;INTERVAL=1"],
  ["every 3 months", "FREQ=MONTHLY;INTERVAL=3"],
])("%j is stored as %s", async (Recurring_Activity, rule) => {
  const { call, sandbox } = await connect();
  const [id = ""] = idsOf(
    await call.create("Tasks", [{ Subject: "x", Due_Date: "2026-12-14", Recurring_Activity }]),
  );
  expect(sandbox.store.records("Tasks").get(id)?.["Recurring_Activity"]).toEqual({
    RRULE: `${rule};DTSTART=2026-12-14`,
  });
});

test.each([
  ["Tasks", { Subject: "x", Remind_At: "1 day before" }, "needs a due date"],
  ["Tasks", { Subject: "x", Due_Date: "today", Remind_At: "2 hours before" }, "without a time"],
  ["Tasks", { Subject: "x", Remind_At: "soon" }, "1 day before"],
  ["Tasks", { Subject: "x", Recurring_Activity: "sometimes" }, "every Monday until June"],
  ["Tasks", { Subject: "x", Recurring_Activity: { name: "x" } }, "RRULE"],
  ["Tasks", { Subject: "x", Recurring_Activity: "every 0 days" }, "every Monday until June"],
  ["Tasks", { Subject: "x", Recurring_Activity: "every constructor" }, "every Monday until June"],
  ["Tasks", { Subject: "x", Recurring_Activity: "every other weekday" }, "every Monday until June"],
])("%s: %j is refused with what is valid", async (module, row, told) => {
  const { fail } = await connect();
  expect(await fail.create(module, [row])).toContain(told);
});

test("bigin_describe_module shows an example of each", async () => {
  const { call } = await connect();
  const fields = JSON.stringify((await call.describe("Events"))["fields"]);
  for (const example of ["15 minutes before", "every Monday until June", "ann@example.com"])
    expect(fields).toContain(example);
});
