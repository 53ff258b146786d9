import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { folder, newFile } from "../support/files.ts";
import { callTool, openSession, post } from "../support/http.ts";
import { run, serve } from "../support/program.ts";
import {
  badKey,
  crashOnSignal,
  expectNoLeak,
  imported,
  key,
  keyOf,
  printed,
  upstream,
} from "../support/secrets.ts";

const keyFile = (content: string) => {
  const file = newFile("maton.key");
  writeFileSync(file, content);
  return file;
};

/** Settings with the key in the wrong place, or in a file that cannot be used. */
const misplacedSettings: () => [string[], Record<string, string>][] = () => [
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
  [["call", "bigin_list_users"], { MATON_API_KEY_FILE: folder() }],
  [["call", "bigin_list_users"], { MATON_API_KEY_FILE: keyFile(`${key}\n${key.toUpperCase()}\n`) }],
  [["call", "bigin_list_users"], { MATON_API_KEY_FILE: keyFile(`MATON_API_KEY="${key}ü"`) }],
];

test("a key in the wrong place, or in a file that cannot be used, is not printed", async () => {
  const texts = await Promise.all(
    misplacedSettings().map(async ([args, env]) => {
      const program = run(args, env);
      expect(await program.ended, JSON.stringify(args)).toBe(1);
      return printed(program).join("");
    }),
  );
  for (const text of texts) expect(text).not.toBe("");
  expectNoLeak(texts, key);
});

test("a caller's key that begins like the server's own is removed whole", async () => {
  const begin = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.";
  const [own, theirs] = [keyOf("own"), keyOf("theirs")].map((end) => `${begin}${end.slice(3)}`);
  const { url } = await serve(["--sandbox", "--auth", "maton"], { MATON_API_KEY: own ?? "" });
  const headers = { "X-Maton-Api-Key": theirs ?? "" };
  const session = { ...headers, "Mcp-Session-Id": await openSession(url, headers) };
  const wrong = callTool("bigin_get_record", { [theirs ?? ""]: 1 });
  const { body } = await post(`${url}/mcp`, wrong, session);
  expect(body).toContain("[key]");
  expectNoLeak([body], theirs ?? "");
});

test("a crash is logged with its place and without keys of the environment, a file or a caller", async () => {
  const isReady = "process.listenerCount('uncaughtException') > 0";
  const when = (what: string) => imported(`setInterval(() => { if (${isReady}) { ${what} } }, 10)`);
  const { url: MATON_API_URL } = await upstream();
  const http = ["--transport", "http", "--port", "0", "--log-level", "debug"];
  const [thrown, rejected, ...later] = [
    run([], { MATON_API_KEY: key, NODE_OPTIONS: `--import=${when(`throw ${badKey}`)}` }),
    run([], { MATON_API_KEY: key, NODE_OPTIONS: `--import=${when(`Promise.reject(${badKey})`)}` }),
    run(http, {
      MATON_API_URL,
      OTHER: key,
      MATON_API_KEY_FILE: keyFile(`${key}\n`),
      NODE_OPTIONS: `--import=${crashOnSignal}`,
    }),
    run([...http, "--auth", "maton"], {
      MATON_API_URL,
      OTHER: key,
      NODE_OPTIONS: `--import=${crashOnSignal}`,
    }),
  ];
  for (const [at, program] of later.entries()) {
    const [, url = ""] = await program.says(/"url":"([^"]+)"/);
    const headers: Record<string, string> = at === 0 ? {} : { "X-Maton-Api-Key": key };
    const session = { ...headers, "Mcp-Session-Id": await openSession(url, headers) };
    expect((await post(`${url}/mcp`, callTool("bigin_list_users"), session)).body).toContain(
      "columns",
    );
    // Refused requests are logged.
    await post(`${url}/mcp`, callTool("bigin_list_users"), { ...session, Host: key });
    await post(`${url}/mcp`, callTool("bigin_list_users"), { ...session, Origin: `http://${key}` });
    program.child.kill("SIGUSR2");
  }
  for (const program of [thrown, rejected, ...later]) {
    expect(await program?.ended).toBe(1);
    expect(program?.stderr()).toContain('"msg":"crashed"');
    expectNoLeak(program ? printed(program) : [], key);
  }
  for (const program of [thrown, rejected, later[0]])
    expect(program?.stderr()).toContain("bad [key]");
});

test.each([
  ["$MATON_API_KEY", "check MATON_API_KEY"],
  [`\${MATON_API_KEY}`, "set MATON_API_KEY or MATON_API_KEY_FILE"],
])("with %s as the key, the advice names the setting", async (value, advice) => {
  const { url } = await upstream();
  const program = run(["call", "bigin_list_users"], { MATON_API_KEY: value, MATON_API_URL: url });
  expect(await program.ended).toBe(1);
  expect(program.stdout()).toContain(advice);
});
