import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { pages, where } from "../support/reads.ts";
import { column, idsOf, recordIn, table, textsIn } from "../support/replies.ts";
import { mapping, type Reply } from "../support/writes.ts";

const tokensOf = (reply: Reply) => countTokens(JSON.stringify(reply));
const list = <T>(length: number, make: (at: number) => T) =>
  Array.from({ length }, (_, at) => make(at));
const sentence = "The customer wrote at length about delivery, terms and a discount. ";

/** A contact with twelve long texts and one short one. */
async function wordyContact(replyTokens: number) {
  const connected = await connect({ extraFields: 150, replyTokens });
  const texts = list(11, (at) => [`Extra_Field_${2 + 13 * at}`, `${at}: ${sentence.repeat(60)}`]);
  const wordy = { Last_Name: "Wordy", Title: "Head", Description: sentence.repeat(20) };
  const record = { ...wordy, ...Object.fromEntries(texts) };
  const [id] = idsOf(await connected.call.create("Contacts", [record]));
  return { ...connected, id };
}

test.each([1000, 2000, 6000])(
  "a record stays within %i tokens because its longest texts are cut",
  async (replyTokens) => {
    const { call, id } = await wordyContact(replyTokens);
    const reply = await call.get("Contacts", id);
    expect(tokensOf(reply)).toBeLessThanOrEqual(replyTokens);
    expect(tokensOf(reply)).toBeGreaterThan(replyTokens * 0.7);
    expect(recordIn(reply)).toMatchObject({ id, Last_Name: "Wordy", Title: "Head" });
    expect(reply["note"]).toContain("name one field");
  },
);

test("a text that was cut is complete when its field is named", async () => {
  const { call, id } = await wordyContact(6000);
  const read = async (args: object) => {
    const reply = await call.get("Contacts", id, args);
    return String(recordIn(reply)["Extra_Field_2"]);
  };
  expect(await read({})).toMatch(/ ⟦… \d+ more characters after \d+⟧ \[/);
  expect(await read({ fields: ["Extra_Field_2"] })).toContain(`0: ${sentence.repeat(60).trim()}`);
});

test("a record of long lists and many fields stays within the smallest budget", async () => {
  const { call, sandbox } = await connect({
    extraFields: 150,
    replyTokens: 500,
    alter: mapping(/Contacts\/\d+$/, "data", (one) => ({
      ...one,
      Tag: list(200, (at) => ({ name: `Tag ${at} 𝔘𝔫𝔦𝔠𝔬𝔡𝔢`, id: `${at}` })),
      ...Object.fromEntries(list(150, (at) => [`Extra_Field_${at + 1}`, `𠀀𠀁𠀂 ${sentence}`])),
    })),
  });
  const [id = ""] = sandbox.store.records("Contacts").keys();
  const reply = await call.get("Contacts", id);
  expect(tokensOf(reply)).toBeLessThanOrEqual(500);
  const left = Number(/^(\d+) fields do not fit/.exec(String(reply["note"]))?.[1]);
  expect(left).toBeGreaterThan(0);
  expect(Object.keys(recordIn(reply))).toContain("id");
});

test("a row of fifty long columns stays within the smallest budget", async () => {
  const { call, id } = await wordyContact(500);
  const fields = list(50, (at) => `Extra_Field_${at + 1}`);
  const reply = await call.list("Contacts", { fields, per_page: 1 });
  expect(tokensOf(reply)).toBeLessThanOrEqual(500);
  expect(column(reply, "id")).toEqual([id]);
  expect(reply["note"]).toContain("name fewer fields");
  const few = await call.list("Contacts", {
    fields: list(6, (at) => `Extra_Field_${2 + 13 * at}`),
    per_page: 1,
  });
  expect(tokensOf(few)).toBeLessThanOrEqual(500);
  expect(few["columns"]).toHaveLength(7);
});

test("the list of resolved words counts towards the budget, and ends with the number left out", async () => {
  const { call } = await connect({ replyTokens: 500 });
  const filters = list(20, () => where("Created Time", "between", "2020-01-01,today").filters[0]);
  const reply = await call.search("Contacts", { filters });
  expect(tokensOf(reply)).toBeLessThanOrEqual(500);
  const resolved = textsIn(reply, "resolved");
  const left = Number(/^… and (\d+) more$/.exec(resolved.at(-1) ?? "")?.[1]);
  expect(resolved.length - 1 + left).toBe(filters.length);
  expect(table(reply).rows.length).toBeGreaterThan(0);
});

test.each(["rare characters 𠮷𠮾", "𝔐𝔞𝔱𝔥 letters", "👨‍👩‍👧 emoji 🏳️‍🌈", "ქართული", "QXZJVKWP"])(
  "a list of names such as %s stays within its budget",
  async (name) => {
    const { call } = await connect({
      alter: mapping(/\/Contacts$/, "data", (one) => ({ ...one, Full_Name: name.repeat(10) })),
    });
    const reply = await call.list("Contacts", { per_page: 200 });
    expect(tokensOf(reply)).toBeLessThanOrEqual(6000);
  },
);

const views = list(100, (at) => ({
  id: `76181340000000${88_100 + at}`,
  name: `View ${at}`,
  display_value: `View of team number ${at}`,
}));
const options = list(800, (at) => ({
  display_value: `A choice called ${at}`,
  actual_value: `A choice called ${at}`,
}));
const large = (replyTokens = 6000) =>
  connect({
    replyTokens,
    alter(path, body) {
      if (path.endsWith("/custom_views")) return { custom_views: views };
      if (!path.endsWith("/settings/fields")) return body;
      return {
        fields: (body["fields"] as Reply[]).map((one) =>
          one["api_name"] === "Stage" ? { ...one, pick_list_values: options } : one,
        ),
      };
    },
  });

test("100 views do not displace the fields; all are listed on request", async () => {
  const { call } = await large();
  const reply = await call.describe("Contacts");
  expect(tokensOf(reply)).toBeLessThan(900);
  expect(reply["fields"]).toContain("Email: email");
  const shown = textsIn(reply, "views");
  const left = Number(/^… and (\d+) more: .*"field":"views"$/.exec(shown.at(-1) ?? "")?.[1]);
  expect(shown.length - 1 + left).toBe(100);
  const all = await call.describe("Contacts", { field: "views" });
  expect(all["views"]).toHaveLength(100);
});

test.each([500, 6000])("a field of 800 options stays within %i tokens", async (replyTokens) => {
  const { call } = await large(replyTokens);
  const reply = await call.describe("deals", { field: "stage" });
  expect(tokensOf(reply)).toBeLessThanOrEqual(replyTokens);
  const { options: shown } = reply["field"] as { options: string[] };
  const left = Number(/^… and (\d+) more; /.exec(shown.at(-1) ?? "")?.[1]);
  expect(shown.length - 1 + left).toBe(800);
  const whole = await call.describe("deals");
  expect(tokensOf(whole)).toBeLessThanOrEqual(Math.min(900, replyTokens));
});

test.each([500, 900, 6000])(
  "long labels in any script stay within %i tokens",
  async (replyTokens) => {
    const { call } = await connect({
      replyTokens,
      extraFields: 40,
      alter: mapping(/settings\/fields$/, "fields", (one) => ({
        ...one,
        field_label: `${one["field_label"]} 𠮷𠮾𡚴 𝔐𝔞𝔱𝔥 ${sentence}`,
      })),
    });
    for (const module of ["Contacts", "Pipelines"]) {
      const reply = await call.describe(module);
      expect(tokensOf(reply)).toBeLessThanOrEqual(Math.min(900, replyTokens));
      const fields = textsIn(reply, "fields");
      expect(fields[0]).toMatch(/^(Last_Name|Deal_Name)\*/);
      expect(fields.at(-1)).toMatch(/^… and \d+ more; name one in "field"/);
    }
  },
);

test("many team pipelines are cut with a count, and listed on request", async () => {
  const sub = (at: number) => ({
    display_value: `Sub-pipeline ${at}`,
    actual_value: `Sub-pipeline ${at}`,
    maps: [{ api_name: "Stage", pick_list_values: options.slice(0, 8) }],
  });
  const team = (at: number) => {
    const pick_list_values = list(3, (n) => sub(at * 3 + n));
    const fields = [{ api_name: "Sub_Pipeline", pick_list_values }];
    return { id: `${at}`, name: `Team ${at}`, sections: [{ fields }] };
  };
  const { call } = await connect({
    alter: (path, body) => (path.endsWith("/layouts") ? { layouts: list(10, team) } : body),
  });
  const reply = await call.describe("deals");
  expect(tokensOf(reply)).toBeLessThan(900);
  expect(reply["pipelines_left"]).toMatch(/^\d+ more sub-pipelines: .*"field":"pipelines"$/);
  const all = await call.describe("deals", { field: "pipelines" });
  expect(all["pipelines"]).toHaveLength(10);
});

test.each([500, 6000])(
  "users stay within %i tokens, and their pages together list each user once",
  async (replyTokens) => {
    const all = list(230, (at) => ({
      id: `7618134000000${400_000 + at}`,
      full_name: `Amelia Stone the ${at}th of her name`,
      email: `amelia.stone.${at}@a-long-company-name.example`,
      role: { name: "Chief Executive Officer", id: "1" },
      profile: { name: "Administrator", id: "2" },
      status: "active",
      time_zone: "America/New_York",
    }));
    const { call, sent } = await connect({
      replyTokens,
      alter(path, body) {
        if (!path.endsWith("/users")) return body;
        const asked = sent.at(-1)?.url.searchParams;
        const page = Number(asked?.get("page") ?? 1);
        const size = Number(asked?.get("per_page") ?? 200);
        const users = all.slice((page - 1) * size, page * size);
        return { users, info: { page, more_records: page * size < all.length } };
      },
    });
    const seen: unknown[] = [];
    for await (const page of pages({ call }, "bigin_list_users", { per_page: 100 })) {
      expect(tokensOf(page)).toBeLessThanOrEqual(replyTokens);
      seen.push(...column(page, "id"));
    }
    expect(seen).toEqual(all.map(({ id }) => id));
  },
);

test("modules stay within the smallest budget", async () => {
  const { call } = await connect({
    replyTokens: 500,
    alter(path, body) {
      if (!path.endsWith("/settings/modules")) return body;
      const [one] = body["modules"] as Reply[];
      const names = list(200, (at) => `Custom_Module_${at}`);
      return { modules: names.map((api_name) => ({ ...one, api_name, api_supported: true })) };
    },
  });
  const reply = await call("bigin_list_modules");
  expect(tokensOf(reply)).toBeLessThanOrEqual(500);
  expect(table(reply).rows.length + Number(reply["left"])).toBe(200);
});

test("connections stay within the smallest budget, whatever their metadata hold", async () => {
  const { call } = await connect({
    replyTokens: 500,
    alter(path, body) {
      if (!path.endsWith("/connections")) return body;
      const [one] = body["connections"] as Reply[];
      const metadata = { text: sentence.repeat(40) };
      return { connections: list(60, (at) => ({ ...one, connection_id: `c-${at}`, metadata })) };
    },
  });
  const reply = await call("bigin_list_connections");
  expect(tokensOf(reply)).toBeLessThanOrEqual(500);
  expect((reply["connections"] as unknown[]).length + Number(reply["left"])).toBe(60);
});
