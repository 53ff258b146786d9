import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createSandbox } from "../../src/sandbox/app.ts";
import { openDoor } from "../reliability/door.ts";
import { serveCatalogue } from "../support/callers.ts";
import { newFile } from "../support/files.ts";
import { callTool, messageOf, modern, openSession, post, send } from "../support/http.ts";
import { serve } from "../support/program.ts";
import { named } from "../support/writes.ts";

test("requests with long and repetitive keys, also in other headers, are refused without the key in the response", async () => {
  const { url } = await serve(["--sandbox", "--auth", "maton"]);
  for (const key of [
    "a".repeat(4000),
    "ab".repeat(2000),
    "abcdefgh12345".repeat(300),
    "0".repeat(4000),
  ]) {
    const headers = [
      { Authorization: `Bearer ${key}`, Origin: `http://${key}` },
      { "X-Maton-Api-Key": key, Host: key },
      { "X-Maton-Api-Key": key, "X-Bigin-Toolsets": key },
      { "X-Maton-Api-Key": key, "Mcp-Session-Id": key },
    ];
    for (const one of headers) {
      const { status, body } = await post(`${url}/mcp`, callTool("bigin_list_modules"), one);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(body).not.toContain(key.slice(0, 100));
    }
    expect((await send(`${url}/${key}`, { headers: { "X-Maton-Api-Key": key } })).status).toBe(404);
  }
});

test("made-up keys do not evict a real account: a repeated write is not carried out twice", async () => {
  const sandbox = createSandbox();
  const { url } = await serveCatalogue({ auth: "maton", fetch: sandbox.fetch });
  const headers = { "X-Maton-Api-Key": "sandbox" };
  const session = { ...headers, "Mcp-Session-Id": await openSession(url, headers) };
  const write = callTool("bigin_create_records", {
    module: "Contacts",
    records: [{ Last_Name: "Once" }],
    idempotency_key: "once",
  });
  const carryOut = async () => messageOf(await post(`${url}/mcp`, write, session));
  expect(await carryOut()).toMatchObject({ result: { structuredContent: { done: 1 } } });
  const { message, headers: more } = modern(callTool("bigin_list_connections"));
  // More than the server keeps, 20 at a time.
  for (let batch = 0; batch < 26; batch += 1)
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => {
        const key = `made-up-key-${batch}-${at}`;
        return post(`${url}/mcp`, message, { ...more, "X-Maton-Api-Key": key });
      }),
    );
  await carryOut();
  expect(named(sandbox, "Contacts", "Last_Name", "Once")).toHaveLength(1);
});

test("a key that is replaced in its file keeps its account: a repeated write is not carried out twice", async () => {
  const { url: upstream, sandbox } = await openDoor(({ headers }) => {
    // Both keys are those of one account.
    if (/^Bearer key-(old|new)$/.test(headers.authorization ?? ""))
      headers.authorization = "Bearer sandbox";
    return false;
  });
  const file = newFile("key");
  writeFileSync(file, "key-old\n");
  const { url } = await serve([], { MATON_API_URL: upstream, MATON_API_KEY_FILE: file });
  const session = { "Mcp-Session-Id": await openSession(url) };
  const ask = async (name: string, args: object) =>
    messageOf(await post(`${url}/mcp`, callTool(name, args), session));
  const write = {
    module: "Contacts",
    records: [{ Last_Name: "Once" }],
    idempotency_key: "once",
  };
  expect(await ask("bigin_create_records", write)).toMatchObject({
    result: { structuredContent: { done: 1, write_id: "w1" } },
  });
  writeFileSync(file, "key-new\n");
  await ask("bigin_create_records", write);
  expect(named(sandbox, "Contacts", "Last_Name", "Once")).toHaveLength(1);
  expect(await ask("bigin_undo_write", { write_id: "w1", dry_run: true })).toMatchObject({
    result: { structuredContent: { status: "dry_run" } },
  });
  expect(JSON.stringify(await ask("bigin_list_records", { module: "Contacts" }))).toContain(
    "columns",
  );
});
