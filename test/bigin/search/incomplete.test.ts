import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { allIds, pages, where } from "../../support/reads.ts";
import { column, idsOf, listedIds, table } from "../../support/replies.ts";
import { seed } from "../../support/seeded.ts";
import { recordsIn, status } from "../../support/writes.ts";

type Connected = Awaited<ReturnType<typeof connect>>;

const tool = "bigin_search_records";
const refusal = status(400, { code: "INVALID_DATA", details: {}, message: "no", status: "error" });

/** The newest records first, as Bigin lists them. */
function idsWhere({ sandbox }: Connected, module: string, fits: (row: object) => boolean) {
  const found = recordsIn(sandbox, module).filter(fits);
  return found.map(({ id }) => id).toSorted((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1));
}

const inRow = (row: object, field: string) => (row as Record<string, unknown>)[field];
const hasText = (field: string, text: string) => (row: object) =>
  String(inRow(row, field) ?? "").includes(text);

let large: Connected;
beforeAll(async () => {
  large = await connect({ replyTokens: 20_000 });
  const { sandbox } = large;
  const contacts = Array.from({ length: 2_700 }, (_, at) => ({
    Last_Name: `Person ${at}`,
    ...(at % 9 === 0 && { Title: "Buyer" }),
  }));
  const deals = Array.from({ length: 2_400 }, (_, at) => ({
    Deal_Name: `Deal number ${at}`,
    Sub_Pipeline: "Renewals",
    Stage: "Quote Sent",
    Amount: at % 400 === 0 ? at : null,
  }));
  await seed(sandbox, "Contacts", contacts);
  await seed(sandbox, "Pipelines", deals);
}, 60_000);

test.each([
  ["Contacts", where("last name", "contains", "erson"), hasText("Last_Name", "erson")],
  ["Contacts", where("title", "is_empty"), (row: object) => !inRow(row, "Title")],
  ["Contacts", where("last name", "starts_with", "Person"), hasText("Last_Name", "Person ")],
  ["Contacts", { word: "person" }, hasText("Last_Name", "Person ")],
  ["deals", where("deal name", "contains", "number"), hasText("Deal_Name", "number")],
  ["deals", where("stage", "equals", "Quote Sent"), hasText("Stage", "Quote Sent")],
  ["deals", { criteria: "(Stage:equals:Quote Sent)" }, hasText("Stage", "Quote Sent")],
] as const)(
  "more than 2,000 %s are found, page by page, each once, in order: %j",
  async (module, args, fits) => {
    const expected = idsWhere(large, module === "deals" ? "Pipelines" : module, fits);
    expect(expected.length).toBeGreaterThan(2_000);
    const given = { module, ...args, fields: ["id"], per_page: 200 };
    expect(await allIds(large, tool, given)).toEqual(expected);
    const reply = await large.call(tool, given);
    expect(reply).toMatchObject({ total: expected.length });
    expect(reply["complete"]).toBeUndefined();
  },
  60_000,
);

test("records are sorted by a field that most of them lack, the empty ones last", async () => {
  for (const order of ["asc", "desc"]) {
    const args = { module: "deals", ...where("stage", "equals", "Quote Sent"), per_page: 200 };
    const ids: string[] = [];
    const amounts: unknown[] = [];
    const sorted = { ...args, sort_by: `amount ${order}`, fields: ["amount"] };
    for await (const reply of pages(large, tool, sorted)) {
      ids.push(...listedIds(reply));
      amounts.push(...column(reply, "Amount"));
    }
    expect(new Set(ids)).toEqual(
      new Set(idsWhere(large, "Pipelines", hasText("Stage", "Quote Sent"))),
    );
    expect(ids.length).toBe(new Set(ids).size);
    const numbers = amounts.flatMap((one) => (typeof one === "number" ? [one] : []));
    expect(amounts.slice(0, numbers.length)).toEqual(numbers);
    const ascending = numbers.toSorted((a, b) => a - b);
    expect(numbers).toEqual(order === "asc" ? ascending : ascending.toReversed());
  }
}, 60_000);

test("a filter with 200 values finds what has one of them", async () => {
  const names = Array.from({ length: 200 }, (_, at) => `Person ${at * 13}`);
  const expected = idsWhere(large, "Contacts", (row) =>
    names.includes(String(inRow(row, "Last_Name"))),
  );
  const args = { module: "Contacts", ...where("last name", "in", names.join(",")), fields: ["id"] };
  expect(expected).toHaveLength(200);
  expect(await allIds(large, tool, args)).toEqual(expected);
});

/** A module whose list stops at a page, so that the search ends there. */
const stops = fc.record({
  page: fc.integer({ min: 2, max: 6 }),
  perPage: fc.integer({ min: 20, max: 200 }),
  tokenAlone: fc.boolean(),
  restart: fc.boolean(),
  term: fc.constantFrom("Seven", "Task", "Ten"),
});

test("a search that stops anywhere says so beside the rows, and goes on from there", async () => {
  await fc.assert(
    fc.asyncProperty(stops, async ({ page, perPage, tokenAlone, restart, term }) => {
      const connected = await connect({ tokenAlone, replyTokens: 20_000 });
      const words = ["Seven", "Eight", "Nine"];
      const rows = Array.from({ length: 1_100 }, (_, at) => ({
        Subject: `Task ${words[Math.floor(at / 150) % 3]} ${at}`,
      }));
      await seed(connected.sandbox, "Tasks", rows);
      const expected = idsWhere(connected, "Tasks", hasText("Subject", term));
      connected.sandbox.addFault({ path: /\/Tasks$/, does: refusal, skip: page - 1, times: 2 });
      const args = { module: "Tasks", ...where("subject", "contains", term), per_page: perPage };
      const first = await connected.call(tool, args);
      connected.sandbox.clearFaults();
      expect(first).toMatchObject({ complete: false, more: { page_token: expect.any(String) } });
      expect(first["total"]).toBeUndefined();
      const joined = restart ? await connected.restart() : connected;
      const rest = await allIds(joined, tool, { ...args, ...table(first).more });
      expect([...listedIds(first), ...rest]).toEqual(expected);
    }),
    { numRuns: 8 },
  );
}, 60_000);

test("sorting only a part says so beside the rows, on each page", async () => {
  const connected = await connect({ replyTokens: 20_000 });
  const rows = Array.from({ length: 700 }, (_, at) => ({
    Subject: `Part ${at}`,
    Due_Date: `2031-01-${String((at % 28) + 1).padStart(2, "0")}`,
  }));
  await seed(connected.sandbox, "Tasks", rows);
  connected.sandbox.addFault({ path: /\/Tasks$/, does: refusal, skip: 2, times: 2 });
  const args = {
    module: "Tasks",
    ...where("subject", "contains", "art"),
    sort_by: "due date",
    fields: ["due date"],
    per_page: 150,
  };
  const parts: { dates: string[]; complete: unknown; note: unknown }[] = [];
  const ids: string[] = [];
  for await (const reply of pages(connected, tool, args)) {
    ids.push(...listedIds(reply));
    parts.push({
      dates: column(reply, "Due_Date").map(String),
      complete: reply["complete"],
      note: reply["note"],
    });
  }
  expect(ids.toSorted()).toEqual(
    idsWhere(connected, "Tasks", hasText("Subject", "Part")).toSorted(),
  );
  // 400 records were read before the list failed: three pages, each in order after the one before.
  const before = parts.slice(0, 3);
  expect(before.map(({ complete }) => complete)).toEqual([false, false, false]);
  const dates = before.flatMap((part) => part.dates);
  expect(dates).toEqual(dates.toSorted());
  for (const { note } of parts) expect(note).toEqual(expect.stringContaining("sorted"));
});

test("beyond 10,000 records a page_token goes on, and an empty page says that it is not the end", async () => {
  const connected = await connect();
  const { call, sandbox } = connected;
  const oldest = await seed(sandbox, "Tasks", [{ Subject: "Needle 1" }, { Subject: "Needle 2" }]);
  await seed(
    sandbox,
    "Tasks",
    Array.from({ length: 10_100 }, (_, at) => ({ Subject: `Hay ${at}`, Priority: "Low" })),
  );
  const args = { module: "Tasks", ...where("subject", "contains", "needle"), fields: ["subject"] };
  const first = await call(tool, args);
  expect(first).toMatchObject({
    rows: [],
    complete: false,
    more: { page_token: expect.any(String) },
  });
  expect(first["total"]).toBeUndefined();
  expect(await allIds(connected, tool, args)).toEqual(oldest.toReversed());
  const low = recordsIn(sandbox, "Tasks").filter((task) => task["Priority"] === "Low").length;
  let count = 0;
  const completes: unknown[] = [];
  const summary = { module: "Tasks", ...where("priority", "equals", "Low") };
  for await (const reply of pages(connected, "bigin_summarize_records", summary)) {
    count += Number(table(reply).rows[0]?.[0]);
    completes.push(reply["complete"]);
  }
  expect({ count, completes }).toEqual({ count: low, completes: [false, false] });
}, 60_000);

test("where a list gives no token, it says that it cannot be read to its end", async () => {
  const connected = await connect({
    replyTokens: 20_000,
    alter: (_, body) =>
      body["info"] ? { ...body, info: { ...Object(body["info"]), next_page_token: null } } : body,
  });
  const { call, sandbox } = connected;
  await seed(
    sandbox,
    "Tasks",
    Array.from({ length: 2_300 }, (_, at) => ({ Subject: `Wall ${at}` })),
  );
  const found = await allIds(connected, tool, {
    module: "Tasks",
    ...where("subject", "contains", "wall"),
    fields: ["id"],
    per_page: 200,
  });
  expect(found).toHaveLength(2_000);
  const last = await call.list("Tasks", { page: 10, per_page: 200, fields: ["id"] });
  expect(last).toMatchObject({ complete: false, note: expect.any(String) });
  expect(last["more"]).toBeUndefined();
});

test("a name is not looked up among only some of the records", async () => {
  const { call, fail, sandbox } = await connect({
    refused: [{ path: "/:module/search", status: 403 }],
  });
  const [id] = await seed(sandbox, "Contacts", [{ Last_Name: "Rarely" }]);
  const deal = {
    Deal_Name: "Linked",
    Sub_Pipeline: "Renewals",
    Stage: "Quote Sent",
    Contact_Name: "Rarely",
  };
  expect(idsOf(await call.create("deals", [deal]))).toHaveLength(1);
  sandbox.addFault({
    path: /\/Contacts$/,
    does: {
      kind: "status",
      status: 200,
      body: { data: [{ id, Full_Name: "Rarely" }], info: { more_records: true } },
    },
  });
  sandbox.addFault({ path: /\/Contacts$/, does: refusal });
  expect(await fail.create("deals", [deal])).toContain("Only 1 records of Contacts could be read");
});
