import { expect, test } from "vitest";
import { broken, type Change, contracts, ofField } from "../../support/broken.ts";
import { type ConnectOptions, connect } from "../../support/connect.ts";
import { where } from "../../support/reads.ts";
import { idsOf, listedIds } from "../../support/replies.ts";
import { seed } from "../../support/seeded.ts";
import { people, recordsIn } from "../../support/writes.ts";

/** Owners as some records hold them, and whether they can be compared with a user. */
const owners: readonly [form: string, owner: (id: string) => unknown, isUnchecked: boolean][] = [
  ["without an id", () => ({ name: "Someone" }), true],
  ["as text", () => "Someone", true],
  ["as an id", (id) => id, false],
  ["as an object with an id only", (id) => ({ id }), false],
];

test.each(contracts.flatMap((one) => owners.map((owner) => [one, ...owner] as const)))(
  "%s: records whose owner is %s are found or counted as not checked",
  async (contract, _, owner, isUnchecked) => {
    const alter: ConnectOptions["alter"] = (path, body) => {
      const data = body["data"];
      if (path.endsWith("/users")) return { ...body, users: [null, ...Object(body["users"]), 7] };
      if (!/\/Contacts(\/search)?$/.test(path) || !Array.isArray(data)) return body;
      return { ...body, data: data.map((one) => ({ ...one, Owner: owner(Object(one.Owner).id) })) };
    };
    const { call, sandbox } = await connect({ contract, alter, noIdCriteria: true });
    const [me] = sandbox.store.users();
    const mine = recordsIn(sandbox, "Contacts").filter((one) => Object(one["Owner"]).id === me?.id);
    const reply = await call.search("Contacts", { ...where("owner", "equals", "me"), per_page: 1 });
    const summary = await call.summarize("Contacts", where("owner", "equals", "me"));
    const all = sandbox.store.records("Contacts").size;
    const counted = expect.stringContaining(`${all} records`);
    if (isUnchecked) {
      expect(reply).toMatchObject({ total: 0, not_checked: counted });
      expect(summary).toMatchObject({ rows: [[0]], not_checked: counted });
      return;
    }
    expect(reply["total"]).toBe(mine.length);
    expect(summary).toMatchObject({ rows: [[mine.length]] });
    expect(reply).not.toHaveProperty("not_checked");
  },
);

test.each(
  contracts.flatMap((one) =>
    ["Owner", "Created_By"].flatMap((field) =>
      [null, "person_of_a_new_kind"].map((type) => [one, field, type] as const),
    ),
  ),
)("%s: %s, of the type %j, is compared with users", async (contract, field, type) => {
  const change = ofField(field, { data_type: type });
  const { call, sandbox } = await broken(contract, "fields", change);
  const [me] = sandbox.store.users();
  const mine = recordsIn(sandbox, "Contacts").filter((one) => Object(one[field]).id === me?.id);
  for (const name of ["me", me?.email, `${me?.first_name} ${me?.last_name}`]) {
    const reply = await call.search("Contacts", { ...where(field, "equals", name), per_page: 1 });
    expect(reply["total"], name).toBe(mine.length);
  }
});

test("a custom field of users of an unknown type takes me and e-mail addresses", async () => {
  const change = ofField("Backup_Owner", { data_type: "user_of_a_new_kind" });
  const { call, sandbox } = await broken("engine", "fields", change);
  const [me] = sandbox.store.users();
  const row = { Account_Name: "Zed", Backup_Owner: { id: me?.id } };
  const [id] = idsOf(await call.create("Accounts", [row]));
  for (const name of ["me", me?.email])
    expect(listedIds(await call.search("Accounts", where("backup owner", "equals", name)))).toEqual(
      [id],
    );
});

test.each(contracts)("%s: a user who cannot be read is not said to be none", async (contract) => {
  const { sandbox: seeded } = await connect({ contract });
  const [, gone] = seeded.store.users();
  const name = `${gone?.first_name} ${gone?.last_name}`;
  const change: Change = (items) => items.map((one) => (one["id"] === gone?.id ? null : one));
  const { call, fail, sandbox } = await broken(contract, "users", change);
  const told = await fail.search("Contacts", where("owner", "equals", name));
  expect(told).toContain("could not be read");
  expect(told).not.toContain("No user of this Bigin");
  const theirs = recordsIn(sandbox, "Contacts").filter(
    (one) => Object(one["Owner"]).id === gone?.id,
  );
  const byId = await call.search("Contacts", {
    ...where("owner", "equals", gone?.id),
    per_page: 1,
  });
  expect(byId["total"]).toBe(theirs.length);
});

test.each(contracts)(
  "%s: a full page of users without a word about more is not the last",
  async (contract) => {
    const user = (at: number) => ({
      id: String(5_000_000_000_000_000n + BigInt(at)),
      full_name: `User ${at}`,
    });
    const alter: ConnectOptions["alter"] = (path, body, query) => {
      if (!path.endsWith("/users") || query.get("type") === "CurrentUser") return body;
      const isFirst = query.get("page") === "1";
      const users = Array.from({ length: isFirst ? 200 : 1 }, (_, at) => user(isFirst ? at : 200));
      return { users, info: null };
    };
    const { call } = await connect({ contract, alter });
    const reply = await call.search("Contacts", where("owner", "equals", "User 200"));
    expect(reply).toMatchObject({ resolved: [expect.stringContaining("User 200")] });
  },
);

test.each(
  contracts.flatMap((one) =>
    [null, {}, undefined].flatMap((info) => [200, 250].map((count) => [one, count, info] as const)),
  ),
)(
  "%s: lists and searches of %i records whose info is %j are read to the end",
  async (contract, count, info) => {
    const alter: ConnectOptions["alter"] = (path, body) =>
      path.includes("/Contacts") && Array.isArray(body["data"]) ? { ...body, info } : body;
    const { call, sandbox } = await connect({ contract, alter });
    const some = sandbox.store.records("Contacts").size;
    await seed(sandbox, "Contacts", people(count - some));
    const all = sandbox.store.records("Contacts").size;
    expect(all).toBe(count);
    const everyone = where("last name", "is_not_empty");
    expect(await call.search("Contacts", { ...everyone, per_page: 1 })).toMatchObject({
      total: all,
    });
    const first = await call.list("Contacts", { per_page: 200, fields: ["Last_Name"] });
    expect(first["more"]).toBeDefined();
    expect(await call.summarize("Contacts", everyone)).toMatchObject({
      rows: [[all]],
      complete: true,
    });
  },
);

test.each(contracts)(
  "%s: a list that no token continues past record 2,000 says that more may follow",
  async (contract) => {
    const alter: ConnectOptions["alter"] = (path, body, query) => {
      if (!path.endsWith("/Contacts")) return body;
      const first = 4_000_000_000_000_000n + BigInt(Number(query.get("page")) * 1_000);
      const data = Array.from({ length: 50 }, (_, at) => ({ id: String(first + BigInt(at)) }));
      return { data, info: null };
    };
    const { call } = await connect({ contract, alter });
    const page = await call.list("Contacts", { page: 39, per_page: 50, fields: ["Last_Name"] });
    expect(page["more"]).toBeDefined();
    const last = await call.list("Contacts", { page: 40, per_page: 50, fields: ["Last_Name"] });
    expect(last["more"]).toBeUndefined();
    expect(last["complete"]).toBe(false);
    expect(last["note"]).toContain("goes on");
  },
);

test.each(contracts)(
  "%s: where the current user cannot be read, me is not said to be nobody",
  async (contract) => {
    const alter: ConnectOptions["alter"] = (path, body, query) =>
      path.endsWith("/users") && query.get("type") === "CurrentUser" ? { users: [null] } : body;
    const { fail, call } = await connect({ contract, alter });
    expect(await fail.search("Contacts", where("owner", "equals", "me"))).toContain("name one");
    expect(await call.list("Contacts", { per_page: 1 })).toHaveProperty("rows");
  },
);
