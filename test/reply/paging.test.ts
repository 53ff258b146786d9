import fc from "fast-check";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import type { Sandbox } from "../../src/sandbox/app.ts";
import { connect } from "../support/connect.ts";
import { pages, where } from "../support/reads.ts";
import { table } from "../support/replies.ts";
import { seed } from "../support/seeded.ts";

type Call = Awaited<ReturnType<typeof connect>>["call"];

const base = "https://gateway.maton.ai/zoho-bigin/bigin/v2";

/** The ids of one of Bigin's lists in its own order, read without our code. */
async function upstreamIds(sandbox: Sandbox, path: string): Promise<string[]> {
  const ids: string[] = [];
  for (let page = 1; ; page += 1) {
    const url = `${base}/${path}?fields=id&per_page=200&page=${page}`;
    const response = await sandbox.fetch(url, { headers: { authorization: "Bearer sandbox" } });
    if (response.status !== 200) return ids;
    const { data, info } = (await response.json()) as {
      data: { id: string }[];
      info: { more_records: boolean };
    };
    ids.push(...data.map(({ id }) => id));
    if (!info.more_records) return ids;
  }
}

/** Calls a tool until its last page. Returns the ids in order; checks each page's size, budget and counts. */
async function idsByPages(call: Call, tool: string, args: object, limits: Limits) {
  const ids: string[] = [];
  const promises: { seen: number; left: number }[] = [];
  for await (const reply of pages({ call }, tool, { ...args, per_page: limits.perPage })) {
    const { rows, more } = table(reply);
    expect(countTokens(JSON.stringify(reply))).toBeLessThanOrEqual(limits.replyTokens);
    expect(rows.length).toBeLessThanOrEqual(limits.perPage);
    if (more) expect(rows.length).toBeGreaterThan(0);
    ids.push(...rows.map(([id]) => String(id)));
    // Pages that lead back would never end.
    expect(new Set(ids).size, "a record is listed twice").toBe(ids.length);
    if (typeof reply["left"] === "number") promises.push({ seen: ids.length, left: reply["left"] });
  }
  for (const { seen, left } of promises) expect(seen + left).toBe(ids.length);
  return ids;
}

interface Limits {
  perPage: number;
  replyTokens: number;
}

/** Small pages and budgets get fewer records, so that a run is about a dozen calls. */
const runs = fc
  .record({
    perPage: fc.integer({ min: 1, max: 200 }),
    replyTokens: fc.integer({ min: 500, max: 6000 }),
    records: fc.integer({ min: 0, max: 300 }),
  })
  .map(({ records, ...limits }) => ({
    ...limits,
    records: Math.min(records, limits.perPage * 12, Math.ceil(limits.replyTokens / 6)),
  }));

const named = (count: number, field: string, more: object = {}) =>
  Array.from({ length: count }, (_, at) => ({
    [field]: `Probe ${String(at).padStart(3, "0")}`,
    Description: "é".repeat((at * 37) % 90),
    ...more,
  }));

/** For each kind of list: fills it, and returns the call that reads it and the ids that it must give, in order. */
const lists = {
  async list(sandbox: Sandbox, records: number) {
    await seed(sandbox, "Products", named(records, "Product_Name"));
    const expected = await upstreamIds(sandbox, "Products");
    return { tool: "bigin_list_records", args: { module: "products" }, expected };
  },
  async search(sandbox: Sandbox, records: number) {
    const rows = named(records, "Last_Name");
    const ids = await seed(sandbox, "Contacts", rows);
    const args = {
      module: "contacts",
      ...where("last name", "starts_with", "Probe"),
      sort_by: "last name desc",
    };
    return { tool: "bigin_search_records", args, expected: ids.toReversed() };
  },
  async related(sandbox: Sandbox, records: number) {
    const [id = ""] = await seed(sandbox, "Accounts", [{ Account_Name: "Probe" }]);
    await seed(sandbox, "Contacts", named(records, "Last_Name", { Account_Name: { id } }));
    const expected = await upstreamIds(sandbox, `Accounts/${id}/Contacts`);
    const args = { module: "companies", id, related_list: "contacts" };
    return { tool: "bigin_list_related_records", args, expected };
  },
};

test.each(["list", "search", "related"] as const)(
  "%s: for any page size and reply budget the pages together are the list, each record once, in order",
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ records, ...limits }) => {
        const { call, sandbox } = await connect(limits);
        const { tool, args, expected } = await lists[kind](sandbox, records);
        expect(await idsByPages(call, tool, args, limits)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  },
);
