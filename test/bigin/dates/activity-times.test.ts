import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { idsOf, textsIn } from "../../support/replies.ts";
import { type Reply, record, status, writes } from "../../support/writes.ts";

const visit = { Event_Title: "Visit" };
const from = (start: string, end: string, more: Reply = {}): Reply => ({
  ...visit,
  Start_DateTime: start,
  End_DateTime: end,
  ...more,
});
const metadata = ["with", "without"] as const;
type With = (typeof metadata)[number];

async function connectTo(given: With) {
  const connected = await connect();
  const refused = { code: "OAUTH_SCOPE_MISMATCH", message: "", details: {}, status: "error" };
  if (given === "without")
    connected.sandbox.addFault({
      path: /settings\/(fields|layouts)$/,
      times: 99,
      does: status(401, refused),
    });
  return connected;
}

test.each([
  ["2027-05-03 10:00", "2027-05-03 10:00"],
  ["2027-05-03 10:00", "2027-05-03 09:59"],
  ["2027-05-03 10:00", "2027-05-02 11:00"],
  ["tomorrow at 3pm", "tomorrow at 2pm"],
  // The same instant in two zones.
  ["2027-05-03T10:00:00-04:00", "2027-05-03T14:00:00Z"],
])("an event from %s to %s is not created", async (start, end) => {
  const connected = await connect();
  expect(await connected.fail.create("events", [from(start, end)])).toContain(
    "ends after it starts",
  );
  expect(writes(connected)).toEqual([]);
});

test.each(metadata)(
  "%s metadata: an update is compared with the times of the record",
  async (given) => {
    const connected = await connectTo(given);
    const { call, fail } = connected;
    const [id = ""] = idsOf(
      await call.create("events", [from("2027-05-03 10:00", "2027-05-03 11:00")]),
    );
    const count = writes(connected).length;
    for (const wrong of [
      { End_DateTime: "2027-05-03 10:00" },
      { End_DateTime: "2027-05-03 09:00" },
      { Start_DateTime: "2027-05-03 11:00" },
      { From: "2027-05-04 09:00" },
      { Start_DateTime: "2027-05-04 11:00", End_DateTime: "2027-05-04 11:00" },
    ])
      expect(await fail.update("events", [{ id, ...wrong }])).toContain("ends after it starts");
    expect(writes(connected)).toHaveLength(count);
    await call.update("events", [{ id, Start_DateTime: "2027-05-03 10:30" }]);
    await call.update("events", [{ id, End_DateTime: "2027-05-03 10:45" }]);
    await call.update("events", [{ id, ...from("2027-06-01 08:00", "2027-06-01 08:01") }]);
    await call.update("events", [{ id, Venue: "Our office" }]);
  },
);

test("where the records cannot be read before, the reply says that the end was not checked", async () => {
  const { call, sandbox } = await connect();
  const ids = [...sandbox.store.records("Events").keys()].slice(0, 12);
  const refused = { code: "INVALID_REQUEST", message: "", details: {}, status: "error" };
  sandbox.addFault({ method: "GET", path: /\/Events$/, times: 99, does: status(400, refused) });
  const rows = ids.map((id) => ({ id, End_DateTime: "2037-05-03 10:00" }));
  const reply = await call.update("events", rows, { dry_run: true });
  expect(textsIn(reply, "notes").join()).toContain("ends after it starts");
});

test.each([...metadata.flatMap((given) => [true, "yes"].map((yes) => [given, yes] as const))])(
  "%s metadata: an all-day event (%s) takes plain days, from the first second to the last",
  async (given, All_day) => {
    const { call, sandbox } = await connectTo(given);
    const rows = [
      from("2027-05-03", "2027-05-03", { All_day }),
      from("2027-07-30", "2027-08-02", { "All day": All_day }),
      from("3 May 2027", "2027-05-04 23:59:59", { All_day }),
    ];
    const ids = idsOf(await call.create("events", rows));
    const times = ids.map((id) => {
      const found = Object(sandbox.store.records("Events").get(id));
      return [found.Start_DateTime, found.End_DateTime, found.All_day];
    });
    expect(times).toEqual([
      ["2027-05-03T00:00:00-04:00", "2027-05-03T23:59:59-04:00", true],
      ["2027-07-30T00:00:00-04:00", "2027-08-02T23:59:59-04:00", true],
      ["2027-05-03T00:00:00-04:00", "2027-05-04T23:59:59-04:00", true],
    ]);
  },
);

test("a plain day needs All_day, in the row or in the record", async () => {
  const { call, fail, sandbox } = await connect();
  const told = await fail.create("events", [from("2027-05-03", "2027-05-03")]);
  expect(told).toContain("All_day");
  const all = { All_day: true };
  const [id = ""] = idsOf(await call.create("events", [from("2027-05-03", "2027-05-03", all)]));
  await call.update("events", [{ id, End_DateTime: "2027-05-05" }]);
  expect(sandbox.store.records("Events").get(id)?.["End_DateTime"]).toContain(
    "2027-05-05T23:59:59",
  );
  await fail.update("events", [{ id, End_DateTime: "2027-05-02" }]);
  await fail.update("events", [{ id, End_DateTime: "2027-05-06", All_day: false }]);
});

/** Local times that the clocks of New York skip, and the nearest that exist. */
const skipped = [
  ["2027-03-14 02:30", "2027-03-14 01:59", "2027-03-14 03:00"],
  ["2027-03-14T02:00:00", "2027-03-14 01:59", "2027-03-14 03:00"],
  ["14 March 2027 at 2:59 am", "2027-03-14 01:59", "2027-03-14 03:00"],
  ["2:15 am on 2028-03-12", "2028-03-12 01:59", "2028-03-12 03:00"],
] as const;

test.each(skipped)(
  "%s does not exist: the nearest times are named, and taken",
  async (text, ...nearest) => {
    const { call, fail, sandbox } = await connect();
    const row = { Subject: "Ring", Call_Type: "Outbound" };
    const told = await fail.create("calls", [{ ...row, Call_Start_Time: text }]);
    const id = record(sandbox, "Calls").id;
    await fail.update("calls", [{ id, Call_Start_Time: text }]);
    await fail.create("tasks", [{ Subject: "Report", Due_Date: "2027-03-14", Remind_At: text }]);
    await fail.create("events", [from("2027-03-01 10:00", text)]);
    for (const time of nearest) {
      expect(told).toContain(time);
      await call.create("calls", [{ ...row, Call_Start_Time: time }]);
    }
  },
);

test("a time that a zone does not skip, or that has an offset, is taken", async () => {
  const { call } = await connect();
  const row = { Subject: "Ring", Call_Type: "Outbound" };
  for (const time of ["2027-03-14T02:30:00Z", "2027-03-15 02:30", "2027-11-07 01:30"])
    await call.create("calls", [{ ...row, Call_Start_Time: time }]);
});

test.each([
  "31 February 2027",
  "February 30, 2027",
  "31 february",
  "2027-02-31",
  "2027-13-01",
  "2027-04-31 10:00",
  "April 31, 2027 at 9 am",
  "29 February 2027",
])("%s does not exist, and one sentence says so", async (text) => {
  const { fail } = await connect();
  for (const [module, row] of [
    ["tasks", { Subject: "Report", Due_Date: text }],
    ["calls", { Subject: "Ring", Call_Type: "Outbound", Call_Start_Time: text }],
  ] as const) {
    const told = await fail.create(module, [row]);
    expect(told).toContain(`"${text}" names a day that does not exist.`);
    expect(told.split(/\.(?: |$)/).filter(Boolean)).toHaveLength(1);
  }
});

test("29 February is taken in a leap year", async () => {
  const { call } = await connect();
  await call.create("tasks", [{ Subject: "Report", Due_Date: "29 February 2028" }]);
});

const ring = { Subject: "Ring", Call_Type: "Outbound", Call_Start_Time: "2027-05-03 10:00" };

test.each(metadata)(
  "%s metadata: the length of a call is minutes and seconds, or minutes",
  async (given) => {
    const { call, fail, sandbox } = await connectTo(given);
    const good: [unknown, number][] = [
      ["05:30", 330],
      ["5:05", 305],
      ["90", 5400],
      [5, 300],
      ["125:00", 7500],
      ["00:00", 0],
    ];
    for (const [given, seconds] of good) {
      const [id = ""] = idsOf(await call.create("calls", [{ ...ring, Call_Duration: given }]));
      expect(sandbox.store.records("Calls").get(id)?.["Call_Duration_in_seconds"]).toBe(seconds);
    }
    for (const given of [
      "5:60",
      "5:5",
      "1.5",
      1.5,
      "-5",
      -5,
      "1:00:00",
      "five",
      "5 min",
      ["5"],
      true,
    ])
      expect(await fail.create("calls", [{ ...ring, Call_Duration: given }])).toContain(
        "Call Duration",
      );
    const id = record(sandbox, "Calls").id;
    await fail.update("calls", [{ id, Call_Duration: "1h" }]);
    await call.update("calls", [{ id, "Call Duration": "12:00" }]);
  },
);
