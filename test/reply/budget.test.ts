import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";

type Reply = Record<string, unknown>;
const tokensOf = (reply: Reply) => countTokens(JSON.stringify(reply));
const rowsOf = (reply: Reply) => reply["rows"] as unknown[][];
const createdId = (reply: Reply) => (reply["results"] as { id: string }[])[0]?.id ?? "";
const list = <T>(length: number, make: (at: number) => T) =>
  Array.from({ length }, (_, at) => make(at));
const sentence = "The customer wrote at length about delivery, terms and a discount. ";

/** A contact with twelve long texts, and one short. */
async function wordy(replyTokens: number) {
  const connected = await connect({ extraFields: 150, replyTokens });
  const texts = list(11, (at) => [`Extra_Field_${2 + 13 * at}`, `${at}: ${sentence.repeat(60)}`]);
  const records = [
    {
      Last_Name: "Wordy",
      Title: "Head",
      Description: sentence.repeat(20),
      ...Object.fromEntries(texts),
    },
  ];
  const id = createdId(
    await connected.call("bigin_create_records", { module: "Contacts", records }),
  );
  return { ...connected, id };
}

test.each([1000, 2000, 6000])(
  "a record keeps a budget of %i: its longest texts are cut",
  async (replyTokens) => {
    const { call, id } = await wordy(replyTokens);
    const reply = await call("bigin_get_record", { module: "Contacts", id });
    expect(tokensOf(reply)).toBeLessThanOrEqual(replyTokens);
    expect(tokensOf(reply)).toBeGreaterThan(replyTokens * 0.7);
    expect(reply["record"]).toMatchObject({ id, Last_Name: "Wordy", Title: "Head" });
    expect(reply["note"]).toContain("name one field");
  },
);

test("a text that was cut is read further by naming its field", async () => {
  const { call, id } = await wordy(6000);
  const read = async (args: object) => {
    const reply = await call("bigin_get_record", { module: "Contacts", id, ...args });
    return String((reply["record"] as Reply)["Extra_Field_2"]);
  };
  expect(await read({})).toMatch(/ … \d+ characters more \[/);
  expect(await read({ fields: ["Extra_Field_2"] })).toContain(`0: ${sentence.repeat(60).trim()}`);
});

test("a record of long lists and many fields keeps the smallest budget", async () => {
  const { call, sandbox } = await connect({
    extraFields: 150,
    replyTokens: 500,
    alter: (path, body) =>
      /Contacts\/\d+$/.test(path)
        ? {
            data: [
              {
                ...(body["data"] as Reply[])[0],
                Tag: list(200, (at) => ({ name: `Tag ${at} 𝔘𝔫𝔦𝔠𝔬𝔡𝔢`, id: `${at}` })),
                ...Object.fromEntries(
                  list(150, (at) => [`Extra_Field_${at + 1}`, `𠀀𠀁𠀂 ${sentence}`]),
                ),
              },
            ],
          }
        : body,
  });
  const [id = ""] = sandbox.store.records("Contacts").keys();
  const reply = await call("bigin_get_record", { module: "Contacts", id });
  expect(tokensOf(reply)).toBeLessThanOrEqual(500);
  expect(reply["note"]).toMatch(/^\d+ fields do not fit/);
});

test("a row of fifty long columns keeps the smallest budget", async () => {
  const { call, id } = await wordy(500);
  const fields = list(50, (at) => `Extra_Field_${at + 1}`);
  const reply = await call("bigin_list_records", { module: "Contacts", fields, per_page: 1 });
  expect(tokensOf(reply)).toBeLessThanOrEqual(500);
  expect(rowsOf(reply)[0]?.[0]).toBe(id);
  expect(reply["note"]).toContain("name fewer fields");
  const few = await call("bigin_list_records", {
    module: "Contacts",
    fields: list(6, (at) => `Extra_Field_${2 + 13 * at}`),
    per_page: 1,
  });
  expect(tokensOf(few)).toBeLessThanOrEqual(500);
  expect(few["columns"]).toHaveLength(7);
});

test("what a search resolved counts too, and is cut with a count", async () => {
  const { call } = await connect({ replyTokens: 500 });
  const filters = list(20, () => ({
    field: "Created Time",
    op: "between",
    value: "2020-01-01,today",
  }));
  const reply = await call("bigin_search_records", { module: "Contacts", filters });
  expect(tokensOf(reply)).toBeLessThanOrEqual(500);
  expect((reply["resolved"] as string[]).at(-1)).toMatch(/^… and \d+ more$/);
  expect(rowsOf(reply).length).toBeGreaterThan(0);
});

test.each(["rare signs 𠮷𠮾", "𝔐𝔞𝔱𝔥 letters", "👨‍👩‍👧 emoji 🏳️‍🌈", "ქართული", "QXZJVKWP"])(
  "a list of names such as %s keeps its budget",
  async (name) => {
    const { call } = await connect({
      alter: (path, body) =>
        path.endsWith("/Contacts")
          ? {
              ...body,
              data: (body["data"] as Reply[]).map((one) => ({
                ...one,
                Full_Name: name.repeat(10),
              })),
            }
          : body,
    });
    const reply = await call("bigin_list_records", { module: "Contacts", per_page: 200 });
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

test("100 views do not push out the fields; all are listed when asked for", async () => {
  const { call } = await large();
  const reply = await call("bigin_describe_module", { module: "Contacts" });
  expect(tokensOf(reply)).toBeLessThan(900);
  expect(reply["fields"]).toContain("Email: email");
  expect((reply["views"] as string[]).at(-1)).toMatch(/^… and \d+ more with "field":"views"$/);
  const all = await call("bigin_describe_module", { module: "Contacts", field: "views" });
  expect(all["views"]).toHaveLength(100);
});

test.each([500, 6000])("a field of 800 options keeps a budget of %i", async (replyTokens) => {
  const { call } = await large(replyTokens);
  const reply = await call("bigin_describe_module", { module: "deals", field: "stage" });
  expect(tokensOf(reply)).toBeLessThanOrEqual(replyTokens);
  const { options: shown } = reply["field"] as { options: string[] };
  const left = Number(/^… and (\d+) more; /.exec(shown.at(-1) ?? "")?.[1]);
  expect(shown.length - 1 + left).toBe(800);
  const whole = await call("bigin_describe_module", { module: "deals" });
  expect(tokensOf(whole)).toBeLessThanOrEqual(Math.min(900, replyTokens));
});

test.each([500, 900, 6000])(
  "long labels in any script keep a budget of %i",
  async (replyTokens) => {
    const { call } = await connect({
      replyTokens,
      extraFields: 40,
      alter: (path, body) =>
        path.endsWith("/settings/fields")
          ? {
              fields: (body["fields"] as Reply[]).map((one) => ({
                ...one,
                field_label: `${one["field_label"]} 𠮷𠮾𡚴 𝔐𝔞𝔱𝔥 ${sentence}`,
              })),
            }
          : body,
    });
    for (const module of ["Contacts", "Pipelines"]) {
      const reply = await call("bigin_describe_module", { module });
      expect(tokensOf(reply)).toBeLessThanOrEqual(Math.min(900, replyTokens));
      expect((reply["fields"] as string[])[0]).toMatch(/^(Last_Name|Deal_Name)\*/);
      expect((reply["fields"] as string[]).at(-1)).toMatch(/^… and \d+ more; name one in "field"/);
    }
  },
);

test("many team pipelines are cut with a count, and listed when asked for", async () => {
  const sub = (at: number) => ({
    display_value: `Sub-pipeline ${at}`,
    actual_value: `Sub-pipeline ${at}`,
    maps: [{ api_name: "Stage", pick_list_values: options.slice(0, 8) }],
  });
  const { call } = await connect({
    alter: (path, body) =>
      path.endsWith("/layouts")
        ? {
            layouts: list(10, (at) => ({
              id: `${at}`,
              name: `Team ${at}`,
              sections: [
                {
                  fields: [
                    { api_name: "Sub_Pipeline", pick_list_values: list(3, (n) => sub(at * 3 + n)) },
                  ],
                },
              ],
            })),
          }
        : body,
  });
  const reply = await call("bigin_describe_module", { module: "deals" });
  expect(tokensOf(reply)).toBeLessThan(900);
  expect(reply["pipelines_left"]).toMatch(/^\d+ sub-pipelines more with "field":"pipelines"$/);
  const all = await call("bigin_describe_module", { module: "deals", field: "pipelines" });
  expect(all["pipelines"]).toHaveLength(10);
});

test.each([500, 6000])(
  "users keep a budget of %i, and `more` leads through all of them once",
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
        const [page, size] = [
          Number(asked?.get("page") ?? 1),
          Number(asked?.get("per_page") ?? 200),
        ];
        const users = all.slice((page - 1) * size, page * size);
        return { users, info: { page, more_records: page * size < all.length } };
      },
    });
    const seen: unknown[] = [];
    let next: Reply | undefined = { per_page: 100 };
    while (next) {
      const reply: Reply = await call("bigin_list_users", next);
      expect(tokensOf(reply)).toBeLessThanOrEqual(replyTokens);
      seen.push(...rowsOf(reply).map(([id]) => id));
      next = reply["more"] as Reply | undefined;
    }
    expect(seen).toEqual(all.map(({ id }) => id));
  },
);

test("modules keep the smallest budget", async () => {
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
  expect(rowsOf(reply).length + Number(reply["left"])).toBe(200);
});

test("connections keep the smallest budget, whatever Maton writes into their metadata", async () => {
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
