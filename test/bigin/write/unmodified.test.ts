import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { recordIn, results, table } from "../../support/replies.ts";
import { type Connected, record, recordsIn, writes } from "../../support/writes.ts";

const start = Date.parse("2026-03-04T17:00:00Z");
const minute = 60_000;
const module = "Contacts";

/** A clock under the test's control, and a contact that was changed at 12:00 in New York. */
async function changed(options: Parameters<typeof connect>[0] = {}) {
  const time = { now: start };
  const connected = await connect({ clock: () => time.now, ...options });
  await change(connected, 1);
  time.now += 10 * minute;
  return { ...connected, time, id: record(connected.sandbox, module).id };
}

/** Changes the first contacts as another user. */
async function change({ call, sandbox }: Connected, count: number, Title = "Chair") {
  const records = Array.from({ length: count }, (_, at) => ({
    id: record(sandbox, module, at).id,
    Title,
  }));
  await call.update(module, records);
  return records.map(({ id }) => id);
}

/** Times in every form, from "12:00:00" in New York and "17:00:00" in UTC. */
const forms = (local: string, utc: string) => [
  `2026-03-04T${local}-05:00`,
  `2026-03-04T${utc}Z`,
  `2026-03-04 ${local.slice(0, 5)}`,
  `2026-03-04T${local}`,
];
const unmodified = (if_unmodified_since: unknown) => ({ if_unmodified_since });

test.each(forms("12:00:00", "17:00:00"))(
  "not changed since %s: the record is written",
  async (if_unmodified_since) => {
    const { call, id, sandbox } = await changed();
    const reply = await call.update(module, [{ id, Title: "Head" }], { if_unmodified_since });
    expect(results(reply)).toMatchObject([
      { outcome: "updated", changed: { Title: ["Chair", "Head"] } },
    ]);
    await call.delete(module, [id], unmodified("2026-03-04 12:10"));
    expect(sandbox.store.records(module).has(id)).toBe(false);
  },
);

test.each(forms("11:59:59", "16:59:59"))(
  "a record that was changed since %s is refused with its current values",
  async (if_unmodified_since) => {
    const connected = await changed();
    const { fail, id } = connected;
    const before = writes(connected).length;
    const row = { id, Title: "Head", "Email Opt Out": true };
    const told = await fail.update(module, [row], { if_unmodified_since });
    const changedAt = `${id} was changed at 2026-03-04 12:00 by Amelia Stone; it now has`;
    expect(told).toContain(`${changedAt} Title "Chair", Email Opt Out false.`);
    expect(told).toMatch(/^Not done: /);
    const name = record(connected.sandbox, module)["Full_Name"];
    expect(await fail.delete(module, [id], { if_unmodified_since })).toContain(
      `${changedAt} Full Name "${String(name)}".`,
    );
    expect(writes(connected)).toHaveLength(before);
  },
);

test("a dry run refuses a changed record too", async () => {
  const { fail, id } = await changed();
  const more = { ...unmodified("2026-03-04 11:00"), dry_run: true };
  expect(await fail.update(module, [{ id, Title: "Head" }], more)).toContain("was changed at");
});

test("a time is accepted as a list or the record shows it", async () => {
  const { call, fail, id, time } = await changed();
  const newest = { sort_by: "Modified_Time", sort_order: "desc", per_page: 1 };
  const list = await call.list(module, { fields: ["Modified_Time"], ...newest });
  const [[listed, since] = []] = table(list).rows;
  expect(listed).toBe(id);
  const one = await call.get(module, id, { fields: ["Modified_Time"] });
  expect(recordIn(one)["Modified_Time"]).toBe(since);
  await call.update(module, [{ id, Title: "Head" }], unmodified(since));
  time.now += minute;
  const told = await fail.update(module, [{ id, Title: "Late" }], unmodified(since));
  expect(told).toContain('it now has Title "Head"');
});

test.each([3, 60])(
  "a clock of ours that is %i minutes behind refuses no record's own time",
  async (behind) => {
    const { call, id, sandbox } = await changed({ clock: () => Date.now() + behind * minute });
    const one = await call.get(module, id, { fields: ["Modified_Time"] });
    const since = unmodified(recordIn(one)["Modified_Time"]);
    await call.update(module, [{ id, Title: "Head" }], since);
    expect(record(sandbox, module)["Title"]).toBe("Head");
  },
);

/** A list leaves out seconds that are 0. */
test.each([0, 1, 29, 59])(
  "second %i of a minute: the time in a list is not older than the record's",
  async (second) => {
    const { call, id, time, sandbox } = await changed();
    time.now = start + 20 * minute + second * 1000 + 400;
    await call.update(module, [{ id, Title: "Head" }]);
    const one = await call.get(module, id, { fields: ["Modified_Time"] });
    const since = unmodified(recordIn(one)["Modified_Time"]);
    await call.update(module, [{ id, Title: "Next" }], since);
    expect(record(sandbox, module)["Title"]).toBe("Next");
  },
);

test.each(["full", "maton"] as const)(
  "%s: of more than ten records only those that were changed are named",
  async (profile) => {
    const connected = await changed({ profile });
    const { fail, call, sandbox, time } = connected;
    const ids = await change(connected, 12, "Head");
    time.now += 10 * minute;
    await change(connected, 2, "Late");
    const records = ids.map((id) => ({ id, Title: "New" }));
    const before = writes(connected).length;
    const told = await fail.update(module, records, unmodified("2026-03-04 12:15"));
    expect(ids.filter((id) => told.includes(id))).toEqual(ids.slice(0, 2));
    expect(told).toContain('it now has Title "Late"');
    const deleting = await fail.delete(module, ids, unmodified("2026-03-04 12:15"));
    expect(ids.filter((id) => deleting.includes(id))).toEqual(ids.slice(0, 2));
    expect(writes(connected)).toHaveLength(before);
    await call.update(module, records, unmodified("2026-03-04 12:20"));
    expect(ids.map((_, at) => record(sandbox, module, at)["Title"])).toEqual(ids.map(() => "New"));
  },
);

test("of many changed records some are named and the others counted", async () => {
  const connected = await changed();
  await change(connected, 60, "Head");
  const records = recordsIn(connected.sandbox, module)
    .slice(0, 60)
    .map(({ id }) => ({ id, Title: "New" }));
  const told = await connected.fail.update(module, records, unmodified("2026-03-04 12:00"));
  const named = records.filter(({ id }) => told.includes(id)).length;
  expect(named).toBeGreaterThan(5);
  expect(told).toContain(`And ${60 - named} more.`);
});

test("more than ten records are refused if lists ignore ids, because they cannot be checked", async () => {
  const connected = await changed({ ids: "ignored" });
  const { fail, call, sandbox } = connected;
  const ids = Array.from({ length: 11 }, (_, at) => record(sandbox, module, at).id);
  const records = ids.map((id) => ({ id, Title: "New" }));
  const since = unmodified("2026-03-04 12:30");
  const before = writes(connected).length;
  const told = "if_unmodified_since cannot be checked for this many records over this connection";
  expect(await fail.update(module, records, since)).toContain(told);
  expect(await fail.delete(module, ids, since)).toContain(told);
  expect(writes(connected)).toHaveLength(before);
  await call.update(module, records.slice(0, 10), since);
});

test.each(["2026-03-04", "soon", "", "2026-02-30 12:00", "2026-03-04 25:00", "last week"])(
  '"%s" is refused as a time to compare with',
  async (if_unmodified_since) => {
    const connected = await changed();
    const { fail, id } = connected;
    const before = writes(connected).length;
    const told = "if_unmodified_since must be a time";
    const args = { if_unmodified_since };
    expect(await fail.update(module, [{ id, Title: "New" }], args)).toContain(told);
    expect(await fail.delete(module, [id], args)).toContain(told);
    expect(writes(connected)).toHaveLength(before);
  },
);

test("an unknown field is refused even if the record was changed", async () => {
  const { fail, id } = await changed();
  expect(
    await fail.update(module, [{ id, Ttile: "New" }], unmodified("2026-03-04 11:00")),
  ).toContain('no field "Ttile". Did you mean "Title"');
});
