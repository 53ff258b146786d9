import { expect, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import type { Fault } from "../../src/sandbox/app.ts";
import { createCatalogue } from "../../src/tool/catalogue.ts";
import { tools } from "../../tools/index.ts";
import { connect, connectTo } from "../support/connect.ts";
import { deep, wrong } from "./answers.ts";
import { internals } from "./wild.ts";

const catalogue = createCatalogue(tools, { readOnly: false }).list();
const list = { module: "Contacts", per_page: 1 };

/** Whole bodies, whatever was asked. */
const bodies: [string, string][] = [
  ["an HTML page", "<!doctype html><html><body>at Object.<anonymous> (/app/src/x.js:1:2)</body>"],
  ["nothing but spaces", "  \n "],
  ["half an answer", '{"data":[{"id":"7618134000000632028","Last_'],
  ["null", "null"],
  ["a number", "12345678901234567890123"],
  ["a list where an object is due", '[{"id":"1"}]'],
  ["a list 10,000 deep", deep(10_000)],
  ["data 10,000 deep", `{"data":${deep(10_000)}}`],
  ["a row 10,000 deep", `{"data":[{"id":"7618134000000632028","Last_Name":${deep(10_000)}}]}`],
  ["a long number 10,000 deep", `{"data":[{"id":76181340000006320281,"x":${deep(10_000)}}]}`],
  [
    "a connection 10,000 deep",
    `{"connection_id":"c","status":"ACTIVE","metadata":{"a":${deep(10_000)}}}`,
  ],
  [
    "an error with details 10,000 deep",
    `{"code":"X","message":"m","details":{"a":${deep(10_000)}}}`,
  ],
  ["no data at all", '{"data":null,"info":null,"users":null,"modules":null,"fields":null}'],
  [
    "rows that are no objects",
    '{"data":[1,"a",null,[]],"users":[1],"modules":[2],"fields":[3],"connections":[4]}',
  ],
  [
    "rows without ids",
    '{"data":[{"Last_Name":"a"}],"users":[{}],"connections":[{}],"count":"many"}',
  ],
  [
    "a success without an id",
    '{"data":[{"code":"SUCCESS","status":"success","message":"m","details":{}}]}',
  ],
  ["names with a meaning", `{"data":[{"__proto__":{"id":"1"},"constructor":null,"toString":1}]}`],
  ["bytes that are no UTF-8", "\uD800\uFFFD\u0000"],
];

const row = { module: "Contacts", records: [{ Last_Name: "Novak", Owner: "Tom" }] };
const id = "7618134000000632256";
const goodArguments: Readonly<Record<string, Record<string, unknown>>> = {
  bigin_list_records: list,
  bigin_get_record: { module: "Contacts", id },
  bigin_search_records: { module: "Contacts", word: "stone" },
  bigin_list_related_records: { module: "Contacts", id, related_list: "Notes" },
  bigin_summarize_records: { module: "Contacts", group_by: "Owner" },
  bigin_create_records: row,
  bigin_update_records: { module: "Contacts", records: [{ id, Last_Name: "Novak" }] },
  bigin_upsert_records: {
    module: "Contacts",
    records: [{ Last_Name: "Novak", Email: "n@example.com" }],
  },
  bigin_delete_records: { module: "Contacts", ids: [id] },
  bigin_undo_write: { write_id: "w1" },
  bigin_describe_module: { module: "Contacts" },
  bigin_get_connection: { connection_id: "c1" },
  bigin_delete_connection: { connection_id: "c1" },
};

/** Where the bad answer comes: the first of all, Bigin's first, or the one that tells of the records. */
const moments: Omit<Fault, "does">[] = [
  { path: /./ },
  { path: /\/bigin\/v2\// },
  { path: /\/Contacts/ },
];
const ofWrites: Omit<Fault, "does">[] = ["POST", "PUT", "DELETE"].map((method) => ({ method }));

test.each(catalogue.map(({ name }) => name))("%s tells malformed answers as such", async (name) => {
  const { client, sandbox, call } = await connect();
  const isRead = !/create|update|upsert|delete|undo/.test(name);
  for (const moment of isRead ? moments : ofWrites) {
    sandbox.reset();
    for (const [what, body] of bodies) {
      if (name === "bigin_undo_write") {
        // A fault that met no request would meet this one.
        sandbox.reset();
        await call("bigin_create_records", row);
      }
      sandbox.addFault({ ...moment, does: wrong(body) });
      const given = { name, arguments: goodArguments[name] ?? {} };
      const { isError, content } = await client.callTool(given);
      if (isError) expect(JSON.stringify(content), what).not.toMatch(internals);
    }
  }
  sandbox.reset();
  expect((await call("bigin_list_records", list))["rows"]).toHaveLength(1);
});

test("an answer of 50 MB is a clear error, and hardly more than 20 MB of it are taken", async () => {
  let sent = 0;
  const chunk = new Uint8Array(2 ** 20).fill(0x20);
  const accounts = createAccounts({
    gatewayUrl: "https://gateway.maton.ai",
    controlUrl: "https://ctrl.maton.ai",
    userAgent: "test",
    fetch: async () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            sent += 1;
            if (sent > 50) controller.close();
            else controller.enqueue(chunk);
          },
        }),
      ),
  });
  const { fail } = await connectTo(async () => accounts.of("key"));
  expect(await fail("bigin_list_connections")).toContain("larger than 20 MiB");
  expect(sent).toBeLessThan(25);
});
