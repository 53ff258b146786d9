import fc from "fast-check";
import { expect, test } from "vitest";
import type { Sandbox } from "../../../src/sandbox/app.ts";
import { defaultSwitches, type Refusal, type Switches } from "../../../src/sandbox/switches.ts";
import { connect } from "../../support/connect.ts";
import { results, table } from "../../support/replies.ts";
import { fewRuns } from "../../support/runs.ts";

type Reply = Record<string, unknown>;

/** A new record of each module, the field that is its name, and one that is changed later. */
export const modules: Readonly<Record<string, { row: Reply; name: string; change: string }>> = {
  Contacts: { row: { Last_Name: "Zebrowski" }, name: "Last_Name", change: "Title" },
  Accounts: { row: { Account_Name: "Zebrowski Works" }, name: "Account_Name", change: "Phone" },
  Pipelines: {
    row: {
      Deal_Name: "Zebrowski deal",
      Sub_Pipeline: "Sales Pipeline Standard",
      Stage: "Qualification",
    },
    name: "Deal_Name",
    change: "Description",
  },
  Products: {
    row: { Product_Name: "Zebrowski pump" },
    name: "Product_Name",
    change: "Description",
  },
  Tasks: { row: { Subject: "Zebrowski task" }, name: "Subject", change: "Description" },
  Events: {
    row: {
      Event_Title: "Zebrowski visit",
      Start_DateTime: "2026-12-24T10:00:00-05:00",
      End_DateTime: "2026-12-24T11:00:00-05:00",
    },
    name: "Event_Title",
    change: "Venue",
  },
  Calls: {
    row: {
      Subject: "Zebrowski call",
      Call_Type: "Outbound",
      Call_Start_Time: "2026-12-24T10:00:00-05:00",
      Call_Duration: "05:00",
    },
    name: "Subject",
    change: "Description",
  },
};

const sidePaths = [
  "/org",
  "/users",
  "/settings/modules",
  "/settings/fields",
  "/settings/layouts",
  "/settings/related_lists",
  "/settings/custom_views",
  "/:module/search",
  "/:module/actions/count",
  "/:module/:id",
];

const refusal: fc.Arbitrary<Refusal> = fc.record({
  path: fc.constantFrom(...sidePaths),
  method: fc.constant("GET"),
  status: fc.constantFrom(400 as const, 403 as const, 404 as const),
});

/** Any combination of what is divided or open, most of it as usual. */
const switches: fc.Arbitrary<Partial<Switches>> = fc.record(
  {
    contract: fc.constantFrom("documented" as const, "engine" as const),
    ids: fc.constantFrom("honoured" as const, "ignored" as const, "refused" as const),
    fewSorts: fc.boolean(),
    tokenAlone: fc.boolean(),
    noIdCriteria: fc.boolean(),
    refusedFields: fc.constantFrom(undefined, "$"),
    refused: fc.array(refusal, { maxLength: 3 }),
    noise: fc.nat(10_000),
    atOnce: fc.constantFrom(5, 100),
    currencies: fc.boolean(),
    flatLists: fc.boolean(),
    noStageMaps: fc.boolean(),
    matonErrors: fc.constantFrom("object" as const, "error" as const, "message" as const),
    unfilteredConnections: fc.boolean(),
    bareRows: fc.boolean(),
  },
  { requiredKeys: [] },
);

type Connected = Awaited<ReturnType<typeof connect>>;

function stored(sandbox: Sandbox, module: string, name: string, value: unknown) {
  return [...sandbox.store.records(module).values()].filter((one) => one[name] === value);
}

/** Lists, creates, finds, changes and deletes in one module. What the replies say must be true in the store. */
export async function useModule({ call, sandbox }: Connected, module: string): Promise<void> {
  const { row, name, change } = modules[module] ?? { row: {}, name: "", change: "" };
  const listed = table(await call.list(module, { fields: [name], per_page: 5 }));
  const newest = [...sandbox.store.records(module).keys()].slice(-5).toReversed();
  expect(listed.rows.map(([id]) => id)).toEqual(newest);

  const created = await call.create(module, [row]);
  const [made, ...twins] = stored(sandbox, module, name, row[name]);
  expect(twins).toEqual([]);
  expect(results(created)).toMatchObject([{ outcome: "created", id: made?.id }]);

  const filters = [{ field: name, op: "equals", value: row[name] }];
  const found = table(await call.search(module, { filters, fields: [name] }));
  expect(found.rows.map(([id]) => id)).toEqual([made?.id]);

  const updated = await call.update(module, [{ id: made?.id, [change]: "changed" }]);
  expect(updated).toMatchObject({ done: 1 });
  expect(stored(sandbox, module, "id", made?.id)).toMatchObject([{ [change]: "changed" }]);

  expect(await call.delete(module, [made?.id])).toMatchObject({ done: 1 });
  expect(stored(sandbox, module, "id", made?.id)).toEqual([]);
}

test("whatever form Bigin has, all seven modules can be read and written", async () => {
  await fc.assert(
    fc.asyncProperty(switches, async (chosen) => {
      const connected = await connect(chosen);
      for (const module of Object.keys(modules)) await useModule(connected, module);
    }),
    { numRuns: fewRuns },
  );
}, 120_000);

test("with any one side request refused, every module can be read and written", async () => {
  for (const path of sidePaths.filter((one) => one !== "/:module/:id")) {
    const { call, sandbox } = await connect({
      refused: [{ path, method: "GET", status: 403 }],
    });
    for (const [module, { row, name }] of Object.entries(modules)) {
      const listed = await call.list(module, { fields: [name], per_page: 2 });
      expect(table(listed).rows, `${path} ${module}`).toHaveLength(2);
      const reply = await call.create(module, [row]);
      expect(reply, `${path} ${module}`).toMatchObject({ done: 1 });
      const filters = [{ field: name, op: "equals", value: row[name] }];
      const found = await call.search(module, { filters, fields: [name] });
      expect(table(found).rows, `${path} ${module}`).toHaveLength(1);
      expect(stored(sandbox, module, name, row[name])).toHaveLength(1);
    }
  }
}, 60_000);

test("every switch is tried by the property", () => {
  const tried = new Set(fc.sample(switches, 200).flatMap((one) => Object.keys(one)));
  expect([...tried].toSorted()).toEqual(Object.keys(defaultSwitches).toSorted());
});
