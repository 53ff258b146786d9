import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { table } from "../../support/replies.ts";
import { recordsIn, status } from "../../support/writes.ts";

/** An organisation whose search finds nothing by the ids of links, and an owner with many records. */
async function withoutLinks(module: string) {
  const connected = await connect({ noIdCriteria: true });
  const [first] = recordsIn(connected.sandbox, module);
  const owner = Object(first?.["Owner"]).id;
  const isOurs = (one: Record<string, unknown>) => Object(one["Owner"]).id === owner;
  const filter = { field: "Owner", op: "equals", value: owner };
  const count = () => recordsIn(connected.sandbox, module).filter(isOurs).length;
  return { ...connected, owner, filter, count };
}

test("a record that was just written does not prove that the index finds links", async () => {
  const { call, owner, filter, count } = await withoutLinks("Contacts");
  await call.create("Contacts", [{ Last_Name: "Fresh", Owner: owner }]);
  const reply = await call.search("Contacts", { filters: [filter], per_page: 200 });
  expect(table(reply).rows).toHaveLength(count());
});

test("a hit of another alternative does not prove that the index finds links", async () => {
  const { call, sandbox, owner, filter } = await withoutLinks("Pipelines");
  const [deal] = recordsIn(sandbox, "Pipelines");
  const fits = recordsIn(sandbox, "Pipelines").filter(
    (one) => Object(one["Owner"]).id === owner || one["Stage"] === deal?.["Stage"],
  );
  const filters = [filter, { field: "Stage", op: "equals", value: deal?.["Stage"] }];
  const reply = await call.search("Pipelines", { match: "any", filters, per_page: 200 });
  expect(table(reply).rows).toHaveLength(fits.length);
  const criteria = `((Owner:equals:${owner})or(Stage:equals:${deal?.["Stage"]}))`;
  const same = await call.search("Pipelines", { criteria, per_page: 200 });
  expect(table(same).rows).toHaveLength(fits.length);
});

test("where it cannot be found out whether the index finds links, records are read and filtered", async () => {
  const { call, sandbox, filter, count } = await withoutLinks("Pipelines");
  sandbox.addFault({ method: "GET", path: /\/Contacts$/, times: 4, does: status(503, {}) });
  for (let time = 0; time < 3; time += 1) {
    const reply = await call.search("Pipelines", { filters: [filter], per_page: 200 });
    expect(table(reply).rows).toHaveLength(count());
  }
});
