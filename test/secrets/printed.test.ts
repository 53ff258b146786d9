import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import { run, serve } from "../program.ts";
import { callTool, openSession, post } from "../transports/support.ts";
import { keyOf, leaks, spellings } from "./spelled.ts";

const key = keyOf("ada");
const bearer = "token-of-the-team-0123456789";

/** What upstream says in answer to the next request for contacts. */
const echoes = Object.values(spellings).flatMap((spell) => {
  const said = spell(key);
  const error = { code: "INVALID_DATA", message: `no ${said}`, details: { api_name: said } };
  return [
    { status: 200, body: { data: [{ id: "1", Last_Name: said, Description: `a ${said} b` }] } },
    { status: 400, body: { ...error, status: "error" } },
  ];
});
const others = [
  { status: 502, body: `<html>${key}</html>` },
  { status: 400, body: { error: { code: 400, message: `Bearer ${key}`, trace_id: key } } },
  { status: 302, headers: { location: `http://127.0.0.1/?key=${key}` } },
  { status: 200, body: `{"data": "${key}`, headers: { "x-key": key } },
];
const answers = [...echoes, ...others];

async function upstream() {
  const sandbox = await serveSandbox({ port: 0, key });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

const wrongArguments = [
  { module: key },
  { module: "Contacts", [key]: 1 },
  { module: "Contacts", fields: [key] },
  { module: "Contacts", page_token: key },
  { module: "Contacts", connection_id: key },
];

test.each(["token", "maton"])(
  "--auth %s: upstream and callers may say the key, the program does not",
  async (auth) => {
    const { url: MATON_API_URL, sandbox } = await upstream();
    const file = join(mkdtempSync(join(tmpdir(), "bigin-printed-")), "audit.log");
    const own: Record<string, string> =
      auth === "token" ? { MATON_API_KEY: key, BIGIN_MCP_AUTH_TOKENS: bearer } : {};
    const program = await serve(["--auth", auth, "--log-level", "debug", "--audit-log", file], {
      MATON_API_URL,
      ...own,
    });
    const headers: Record<string, string> =
      auth === "token" ? { Authorization: `Bearer ${bearer}` } : { "X-Maton-Api-Key": key };
    const session = { ...headers, "Mcp-Session-Id": await openSession(program.url, headers) };
    const seen: string[] = [];
    const send = async (message: object | string, more = {}) => {
      const answer = await post(`${program.url}/mcp`, message, { ...session, ...more });
      seen.push(JSON.stringify(answer));
    };
    const list = callTool("bigin_list_records", {
      module: "Contacts",
      fields: ["Last_Name", "Description"],
    });
    for (const { status, ...rest } of answers) {
      sandbox.addFault({
        path: /v2\/Contacts$/,
        times: status > 499 ? 3 : 1,
        does: { kind: "status", status, ...rest },
      });
      await send(list);
    }
    for (const args of wrongArguments) await send(callTool("bigin_list_records", args));
    const records = [{ Last_Name: key, Description: `${bearer} ${key}` }];
    await send(
      callTool("bigin_create_records", { module: "Contacts", records, idempotency_key: key }),
    );
    await send(callTool("bigin_list_writes"));
    await send(callTool("bigin_list_writes", { write_id: key }));
    await send(callTool(key));
    await send(`{"${key}`);
    for (const name of [
      "MCP-Protocol-Version",
      "Mcp-Method",
      "X-Bigin-Toolsets",
      "Maton-Connection",
      "Host",
      "Origin",
    ])
      await send(list, { [name]: key });
    program.child.kill("SIGTERM");
    expect(await program.ended).toBe(0);
    const all = [...seen, program.stdout(), program.stderr(), readFileSync(file, "utf8")].join(
      "\n",
    );
    expect(all).toContain("[key]");
    expect(all).toContain('"outcome":"created"');
    for (const line of all.split("\n")) expect([line, leaks(line, key)]).toEqual([line, []]);
    if (auth === "token") expect(leaks(all, bearer)).toEqual([]);
  },
);

const misplaced: [string[], Record<string, string>][] = [
  [[key], {}],
  [["--transport", key], {}],
  [["--transport", "http", "--host", key], {}],
  [["--port", key], {}],
  [["--connection", `${key}.`], {}],
  [["--gateway-url", `https://example.com/?${key}`], {}],
  [[`--api-key=${key}`], {}],
  [["call", key], {}],
  [["call", "bigin_list_users", `{${key}`], {}],
  [
    ["call", "--sandbox", "bigin_list_users"],
    { MATON_API_KEY: key, BIGIN_MCP_AUTH_TOKENS: key.slice(0, 9) },
  ],
  [["call", "bigin_list_users"], { MATON_API_KEY_FILE: key }],
  [["call", "bigin_list_users"], { MATON_API_KEY: `${key} ü` }],
];

test("the key in a wrong place is not printed", async () => {
  const told = await Promise.all(
    misplaced.map(async ([args, env]) => {
      const program = run(args, env);
      expect(await program.ended, JSON.stringify(args)).toBe(1);
      return program.stderr() + program.stdout();
    }),
  );
  for (const text of told) expect([text !== "", leaks(text, key)]).toEqual([true, []]);
});

test.each(["throw", "reject"])("a crash says where and not what secret: %s", async (how) => {
  const error = "new Error('bad ' + process.env.MATON_API_KEY)";
  const crash = how === "throw" ? `throw ${error}` : `Promise.reject(${error})`;
  const isReady = "process.listenerCount('uncaughtException') > 0";
  const hook = `data:text/javascript,setInterval(() => { if (${isReady}) { ${crash} } }, 10)`;
  const program = run([], { MATON_API_KEY: key, NODE_OPTIONS: `--import=${encodeURI(hook)}` });
  expect(await program.ended).toBe(1);
  expect(program.stderr()).toContain('"msg":"crashed"');
  expect(program.stderr()).toContain("bad [key]");
  expect(leaks(program.stderr(), key)).toEqual([]);
});
