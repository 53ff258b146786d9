import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDoor } from "../reliability/door.ts";
import { callTool, messageOf, modern, openSession, post, send } from "../support/http.ts";
import { serve } from "../support/program.ts";
import { named } from "../support/writes.ts";

test("a key of few letters over and over, said again where it does not belong, is answered", async () => {
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

test("made-up keys push nobody's journal out: a write that is repeated is not carried out twice", async () => {
  const { url: upstream, sandbox } = await openDoor(() => false);
  const { url } = await serve(["--auth", "maton"], { MATON_API_URL: upstream });
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
  for (let at = 0; at < 520; at += 1)
    await post(`${url}/mcp`, message, { ...more, "X-Maton-Api-Key": `made-up-key-${at}` });
  await carryOut();
  expect(named(sandbox, "Contacts", "Last_Name", "Once")).toHaveLength(1);
});

test("a key that is replaced in its file is the same account: what was written is not written twice", async () => {
  const { url: upstream, sandbox } = await openDoor(({ headers }) => {
    // Both keys are those of one account.
    if (/^Bearer key-(old|new)$/.test(headers.authorization ?? ""))
      headers.authorization = "Bearer sandbox";
    return false;
  });
  const file = join(mkdtempSync(join(tmpdir(), "bigin-keys-")), "key");
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
