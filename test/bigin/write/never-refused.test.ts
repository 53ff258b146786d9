import fc from "fast-check";
import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { testedContract } from "../../support/contract.ts";
import { type Reply, record, writes } from "../../support/writes.ts";

const text = fc.oneof(
  fc.constantFrom("", " ", "x", "Ärger 😀", "null", "0", "yes", "12.5", "12.000,50", "-3", "1e3"),
  fc.string({ maxLength: 60, unit: "grapheme" }),
  fc.integer({ min: 28, max: 460 }).map((length) => "y".repeat(length)),
);
const address = fc.constantFrom(
  "a@b.example",
  "a b@c.example",
  "a@b",
  "Ann <a@b.example>",
  "ä@b.example",
  "a@b.c",
);
const number = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.constantFrom(999_999_999, 1_000_000_000, 9_007_199_254_740_991, 1e17, -0, 0.1),
);
const moment = fc.constantFrom(
  "2026-02-29",
  "2028-02-29",
  "2026-12-24 15:00",
  "2026-12-24T15:00:00+05:30",
  "tomorrow",
  "next friday at 3pm",
  "31.12.2026",
  "9999-12-31",
  "0001-01-01",
  "2026-03-08 02:30",
);
const choice = fc.constantFrom(
  "Choice number 3",
  "choice NUMBER 40",
  "Choice number 41",
  "Inbound",
  "High",
  "Completed",
  "Hardware",
  "Software",
);

/** Values that are right for some field types and wrong for others. */
function valuesIn(ids: readonly string[], names: readonly string[]) {
  const id = fc.constantFrom(...ids, "7618134000009999999");
  const scalar = fc.oneof(
    text,
    address,
    number,
    moment,
    choice,
    id,
    fc.boolean(),
    fc.constantFrom(...names),
    fc.constant(null),
  );
  const object = fc.oneof(
    id.map((one) => ({ id: one })),
    fc.constantFrom(...names).map((name) => ({ name })),
    fc.record({ Product: id, Quantity: number }),
    fc.constant({}),
  );
  return fc.oneof(
    { weight: 5, arbitrary: scalar },
    object,
    fc.array(fc.oneof(scalar, object), { maxLength: 3 }),
  );
}

const modules: Record<string, { always: Reply; fields: string[] }> = {
  Contacts: {
    always: { Last_Name: "Probe" },
    fields: [
      "Last_Name",
      "First_Name",
      "Account_Name",
      "Email",
      "Phone",
      "Description",
      "Email_Opt_Out",
      "Owner",
      "Tag",
      "Record_Image",
      ...Array.from({ length: 13 }, (_, at) => `Extra_Field_${at + 1}`),
    ],
  },
  Pipelines: {
    always: { Deal_Name: "Probe", Sub_Pipeline: "Renewals", Stage: "Renewal Due" },
    fields: [
      "Sub_Pipeline",
      "Stage",
      "Pipeline",
      "Layout",
      "Closing_Date",
      "Amount",
      "Contact_Name",
      "Account_Name",
      "Secondary_Contacts",
      "Associated_Products",
      "Contract_Signed",
      "Owner",
    ],
  },
  Products: {
    always: { Product_Name: "Probe" },
    fields: ["Product_Category", "Product_Active", "Unit_Price", "Product_Code"],
  },
  Tasks: {
    always: { Subject: "Probe" },
    fields: [
      "Due_Date",
      "Priority",
      "Status",
      "Remind_At",
      "Recurring_Activity",
      "Send_Notification_Email",
      "Who_Id",
      "What_Id",
      "$se_module",
    ],
  },
  Events: {
    always: {
      Event_Title: "Probe",
      Start_DateTime: "2026-07-01 15:00",
      End_DateTime: "2026-07-01 16:00",
    },
    fields: [
      "Start_DateTime",
      "End_DateTime",
      "All_day",
      "Venue",
      "Participants",
      "Recurring_Activity",
    ],
  },
  Calls: {
    always: {
      Subject: "Probe",
      Call_Type: "Inbound",
      Call_Start_Time: "2026-07-01 15:00",
      Call_Duration: "10",
    },
    fields: [
      "Call_Type",
      "Call_Start_Time",
      "Call_Duration",
      ...(testedContract === "engine" ? [] : ["Call_Purpose", "Call_Result"]),
    ],
  },
};

/** A line with an id must belong to the deal already, which only Bigin can check. */
const namesLines = (made: unknown) =>
  Array.isArray(made) && made.some((line) => typeof line === "object" && line && "id" in line);

const runs = 200;

test.each(Object.entries(modules))(
  "%s: a row that passes the check is never refused by Bigin",
  async (module, { always, fields }) => {
    const connected = await connect({ extraFields: 13 });
    const { client, sandbox } = connected;
    const known = ["Accounts", "Contacts", "Products", "Pipelines"].map((one) =>
      record(sandbox, one),
    );
    const users = sandbox.store.users();
    const values = valuesIn(
      [...known, ...users].map(({ id }) => id),
      [
        ...["Account_Name", "Full_Name", "Product_Name", "Deal_Name"].map((name, at) =>
          String(known[at]?.[name]),
        ),
        ...["Tom Okafor", "Lena Fischer", "Renewals", "Kickoff", "Onboarding", "deals", "Contacts"],
      ],
    );
    const row = fc
      .dictionary(fc.constantFrom(...fields), values, { minKeys: 0, maxKeys: 2 })
      .map((some) => ({ ...always, ...some }))
      .filter(({ Associated_Products: made }: Reply) => !namesLines(made));
    let passed = 0;
    await fc.assert(
      fc.asyncProperty(row, async (one) => {
        const before = writes(connected).length;
        const { content, isError } = await client.callTool({
          name: "bigin_create_records",
          arguments: { module, records: [one] },
        });
        const told = JSON.stringify(content);
        if (writes(connected).length === before) {
          expect(isError).toBe(true);
          expect(told).toContain("Not done: ");
          return;
        }
        passed += 1;
        // Another record may have the same unique value, which only Bigin can check.
        if (isError) expect(told).toMatch(/same|duplicate/i);
        expect(told).not.toMatch(/INVALID_DATA|MANDATORY_NOT_FOUND|MAPPING_MISMATCH/);
      }),
      { numRuns: runs },
    );
    expect(passed).toBeGreaterThan(0);
    expect(passed).toBeLessThan(runs);
  },
  60_000,
);
