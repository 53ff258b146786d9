import { expect, test } from "vitest";
import { createAccounts } from "../../src/account/account.ts";
import type { Fault } from "../../src/sandbox/app.ts";
import { tools } from "../../tools/index.ts";
import { addresses, connect, connectTo } from "../support/connect.ts";
import { everyToolset, filled, idsIn, makeWrite, needsWrite } from "../support/examples.ts";
import { table } from "../support/replies.ts";
import { deep, wrong } from "./answers.ts";
import { internals } from "./wild.ts";

/** Response bodies, whatever was asked. */
const bodies: [string, string][] = [
  ["an HTML page", "<!doctype html><html><body>at Object.<anonymous> (/app/src/x.js:1:2)</body>"],
  ["nothing but spaces", "  \n "],
  ["half an answer", '{"data":[{"id":"7618134000000632028","Last_'],
  ["null", "null"],
  ["a number", "12345678901234567890123"],
  ["a list in place of an object", '[{"id":"1"}]'],
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
    "rows that are not objects",
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
  ["bytes that are not UTF-8", "\uD800\uFFFD\u0000"],
];

/** The response that is malformed: the first of all, the first of Bigin, the first with records. */
const reads: Omit<Fault, "does">[] = [
  { path: /./ },
  { path: /\/bigin\/v2\// },
  { path: /\/bigin\/v2\/(?!settings|users|org)/ },
];
const writes: Omit<Fault, "does">[] = ["POST", "PUT", "DELETE"].map((method) => ({ method }));

test.each(tools.map((tool) => [tool.name, tool] as const))(
  "%s reports malformed responses as such",
  async (name, tool) => {
    const { client, sandbox, call } = await connect({ toolsets: everyToolset });
    const example = { tool, args: tool.examples[0] };
    for (const moment of tool.effect === "read" ? reads : writes) {
      sandbox.reset();
      for (const [what, body] of bodies) {
        // A fault that no request has met yet would meet the write.
        if (needsWrite(example)) sandbox.reset();
        const write = needsWrite(example) ? await makeWrite(call) : "";
        sandbox.addFault({ ...moment, does: wrong(body) });
        const args = filled(example, { ...idsIn(sandbox), write });
        const { isError, content } = await client.callTool({ name, arguments: args });
        if (isError) expect(JSON.stringify(content), what).not.toMatch(internals);
      }
    }
    sandbox.reset();
    const { rows } = table(await call.list("Contacts", { per_page: 1 }));
    expect(rows).toHaveLength(1);
  },
);

test("a response of 50 MB is a clear error, and is not read much beyond 20 MB", async () => {
  let sent = 0;
  const chunk = new Uint8Array(2 ** 20).fill(0x20);
  const accounts = createAccounts({
    ...addresses,
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
