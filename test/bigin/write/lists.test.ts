import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { idsOf, results } from "../../support/replies.ts";
import { type Connected, type Reply, record, recordsIn } from "../../support/writes.ts";

/** A field that holds a list, a record that has two of three items in it, and what an item is called. */
interface ListField {
  name: string;
  module: string;
  field: string;
  items(connected: Connected): readonly [given: unknown, given: unknown, given: unknown];
  /** Names of the stored items. */
  stored(value: unknown): string[];
  /** Set for organisations that have such lists flat (docs/compatibility.md). */
  flatLists?: true;
}

const namesIn = (value: unknown) =>
  (Array.isArray(value) ? value : []).map((one) => String(Object(one).name ?? one));
const nested = (key: string) => (value: unknown) =>
  (Array.isArray(value) ? value : []).map((one) =>
    String(Object(one)[key]?.name ?? Object(one).name),
  );

const nestedLists: ListField[] = [
  {
    name: "tags",
    module: "Contacts",
    field: "Tag",
    items: () => ["First", "Second", "Third"],
    stored: namesIn,
  },
  {
    name: "options of a multi-select field",
    module: "Contacts",
    field: "Extra_Field_14",
    items: () => ["Choice number 1", "Choice number 2", "Choice number 3"],
    stored: namesIn,
  },
  {
    name: "secondary contacts of a deal",
    module: "Pipelines",
    field: "Secondary_Contacts",
    items: ({ sandbox }) =>
      [0, 1, 2].map((at) => record(sandbox, "Contacts", at)["Full_Name"]) as never,
    stored: nested("Secondary_Contacts"),
  },
  {
    name: "product lines of a deal",
    module: "Pipelines",
    field: "Associated_Products",
    items: ({ sandbox }) =>
      [0, 1, 2].map((at) => ({
        Product: record(sandbox, "Products", at)["Product_Name"],
      })) as never,
    stored: nested("Product"),
  },
];

const fields: ListField[] = [
  ...nestedLists,
  ...nestedLists
    .filter(({ module }) => module === "Pipelines")
    .map((one) => ({ ...one, name: `${one.name}, flat`, flatLists: true as const })),
];

const textOf = (item: unknown) => String(Object(item).Product ?? item);

async function withList(of: ListField, options: Parameters<typeof connect>[0] = {}) {
  const connected = await connect({
    extraFields: 14,
    flatLists: of.flatLists ?? false,
    ...options,
  });
  const { call, sandbox } = connected;
  const [one, two, three] = of.items(connected);
  const deal = { Deal_Name: "Listed", Sub_Pipeline: "Renewals", Stage: "Quote Sent" };
  const row = of.module === "Contacts" ? { Last_Name: "Listed" } : deal;
  const [id = ""] = idsOf(await call.create(of.module, [{ ...row, [of.field]: [one, two] }]));
  const now = () => of.stored(sandbox.store.records(of.module).get(id)?.[of.field]);
  const set = (value: unknown, more: Reply = {}) =>
    call.update(of.module, [{ id, [of.field]: value }], more);
  return { ...connected, id, one, two, three, now, set };
}

test.each(fields)("$name: an item is added, and the others stay", async (of) => {
  const { set, now, one, two, three } = await withList(of);
  const reply = await set({ add: [three] });
  expect(results(reply)).toMatchObject([{ outcome: "updated" }]);
  expect(now()).toEqual([one, two, three].map(textOf));
  expect(reply).toMatchObject({ done: 1 });
});

test.each(fields)("$name: an item is removed by its name, and the others stay", async (of) => {
  const { set, now, one, two } = await withList(of);
  expect(await set({ remove: [textOf(one)] })).toMatchObject({ done: 1 });
  expect(now()).toEqual([textOf(two)]);
});

test.each(fields)("$name: one call removes and adds", async (of) => {
  const { set, now, one, two, three } = await withList(of);
  await set({ add: [three], remove: [one] });
  expect(now()).toEqual([two, three].map(textOf));
});

test.each(fields)(
  "$name: a list that loses items is confirmed first, and the question names them",
  async (of) => {
    const { set, now, one, two, three } = await withList(of, { confirm: "destructive" });
    const asked = await set([two, three]);
    expect(asked["status"]).toBe("confirmation_required");
    expect(asked["would"]).toContain(`of Listed: ${textOf(one)}.`);
    expect(JSON.stringify(Object(asked["preview"]).rows)).toContain(textOf(one));
    expect(now()).toEqual([one, two].map(textOf));
    await set([two, three], { confirm_token: asked["confirm_token"] });
    expect(now()).toEqual([two, three].map(textOf));
  },
);

test.each(fields)(
  "$name: clearing the list is confirmed too, adding and reordering are not",
  async (of) => {
    const { set, now, one, two, three } = await withList(of, { confirm: "destructive" });
    expect((await set([two, one, three]))["status"]).toBeUndefined();
    expect(now().toSorted()).toEqual([one, two, three].map(textOf).toSorted());
    expect((await set(null))["status"]).toBe("confirmation_required");
    expect((await set([]))["status"]).toBe("confirmation_required");
    expect(now()).toHaveLength(3);
  },
);

test.each(fields)("$name: what is not in the list cannot be removed from it", async (of) => {
  const { fail, id, now, three } = await withList(of);
  const told = await fail.update(of.module, [{ id, [of.field]: { remove: [three] } }]);
  expect(told).toContain("cannot be removed");
  expect(now()).toHaveLength(2);
});

test.each(fields)("$name: with --confirm none the list is replaced at once", async (of) => {
  const { set, now, two } = await withList(of, { confirm: "none" });
  await set([two]);
  expect(now()).toEqual([textOf(two)]);
});

test("an upsert that would take items away asks first", async () => {
  const { call, sandbox } = await connect({ confirm: "destructive" });
  const row = { Last_Name: "Listed", Email: "listed@example.com" };
  await call.create("Contacts", [{ ...row, Tag: ["First", "Second"] }]);
  const asked = await call.upsert("Contacts", [{ ...row, Tag: ["Third"] }]);
  expect(asked["status"]).toBe("confirmation_required");
  expect(asked["would"]).toContain("First, Second");
  await call.upsert("Contacts", [{ ...row, Tag: { add: ["Third"] } }]);
  const stored = recordsIn(sandbox, "Contacts").find((one) => one["Last_Name"] === "Listed");
  expect(namesIn(stored?.["Tag"])).toEqual(["First", "Second", "Third"]);
});

test("tags that differ in case are the same tag", async () => {
  const { call, sandbox } = await connect({ confirm: "destructive" });
  const [id = ""] = idsOf(await call.create("Contacts", [{ Last_Name: "Listed", Tag: ["VIP"] }]));
  const reply = await call.update("Contacts", [{ id, Tag: { add: ["vip"] } }]);
  expect(results(reply)).toMatchObject([{ outcome: "unchanged" }]);
  expect((await call.update("Contacts", [{ id, Tag: ["vip", "New"] }]))["status"]).toBeUndefined();
  await call.update("Contacts", [{ id, Tag: { remove: ["new"] } }]);
  expect(namesIn(sandbox.store.records("Contacts").get(id)?.["Tag"]).join().toLowerCase()).toBe(
    "vip",
  );
});

test("a new record takes the items to add, and has none to remove", async () => {
  const { call, fail, sandbox } = await connect();
  const row = { Last_Name: "Listed" };
  const [id = ""] = idsOf(await call.create("Contacts", [{ ...row, Tag: { add: ["A", "B"] } }]));
  expect(namesIn(sandbox.store.records("Contacts").get(id)?.["Tag"])).toEqual(["A", "B"]);
  const told = await fail.create("Contacts", [{ ...row, Tag: { remove: ["A"] } }]);
  expect(told).toContain("cannot be removed");
});

test("changing the quantity of a line is not a loss, and the line keeps its price", async () => {
  const { call, sandbox } = await connect({ confirm: "destructive" });
  const [product, other] = recordsIn(sandbox, "Products");
  const lines = [
    { Product: product?.id, Quantity: 2, List_Price: 7 },
    { Product: other?.id, Quantity: 1 },
  ];
  const deal = { Deal_Name: "Listed", Sub_Pipeline: "Renewals", Stage: "Quote Sent" };
  const [id = ""] = idsOf(await call.create("deals", [{ ...deal, Associated_Products: lines }]));
  const changed = lines.map((line) => ({ ...line, Quantity: 5 }));
  expect(
    (await call.update("deals", [{ id, Associated_Products: changed }]))["status"],
  ).toBeUndefined();
  await call.update("deals", [{ id, Associated_Products: { remove: [other?.["Product_Name"]] } }]);
  expect(sandbox.store.records("Pipelines").get(id)?.["Associated_Products"]).toMatchObject([
    { Quantity: 5, List_Price: 7 },
  ]);
});

test("where the record cannot be read before, items are neither added nor removed", async () => {
  const connected = await connect({ ids: "ignored" });
  const rows = recordsIn(connected.sandbox, "Contacts")
    .slice(0, 11)
    .map(({ id }) => ({ id, Tag: { add: ["New"] } }));
  expect(await connected.fail.update("Contacts", rows)).toContain("could not be read");
});
