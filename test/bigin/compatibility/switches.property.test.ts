import fc from "fast-check";
import { expect, test } from "vitest";
import { defaultSwitches, type Refusal, type Switches } from "../../../src/sandbox/switches.ts";
import { connect } from "../../support/connect.ts";
import { modules, stored, useModule } from "../../support/every-module.ts";
import { table } from "../../support/replies.ts";
import { fewRuns } from "../../support/runs.ts";

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
