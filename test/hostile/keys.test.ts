import { expect, test } from "vitest";
import { serve } from "../program.ts";
import { openDoor } from "../reliability/door.ts";
import { callTool, messageOf, modern, openSession, post, send } from "../transports/support.ts";

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
  const made = [...sandbox.store.records("Contacts").values()];
  expect(made.filter((one) => one["Last_Name"] === "Once")).toHaveLength(1);
});
