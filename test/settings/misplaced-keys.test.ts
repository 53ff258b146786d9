import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { callTool, openSession, post } from "../support/http.ts";
import {
  badKey,
  crash,
  crashOnSignal,
  expectSilence,
  folder,
  key,
  printed,
  upstream,
} from "../support/printing.ts";
import { run, serve } from "../support/program.ts";
import { keyOf, leaks } from "../support/spelled.ts";

const keyFile = (content: string) => {
  const file = join(folder(), "maton.key");
  writeFileSync(file, content);
  return file;
};

/** Settings with the key in a wrong place, or in a file that is none. */
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

test("the key in a wrong place, or in a file that cannot be used, is not printed", async () => {
  const told = await Promise.all(
    misplacedSettings().map(async ([args, env]) => {
      const program = run(args, env);
      expect(await program.ended, JSON.stringify(args)).toBe(1);
      return printed(program).join("");
    }),
  );
  for (const text of told) expect([text !== "", leaks(text, key)]).toEqual([true, []]);
});

test("a caller's key that begins as the server's own does is taken out whole", async () => {
  const begin = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.";
  const [own, theirs] = [keyOf("own"), keyOf("theirs")].map((end) => `${begin}${end.slice(3)}`);
  const { url } = await serve(["--sandbox", "--auth", "maton"], { MATON_API_KEY: own ?? "" });
  const headers = { "X-Maton-Api-Key": theirs ?? "" };
  const session = { ...headers, "Mcp-Session-Id": await openSession(url, headers) };
  const wrong = callTool("bigin_get_record", { [theirs ?? ""]: 1 });
  const { body } = await post(`${url}/mcp`, wrong, session);
  expect(body).toContain("[key]");
  expectSilence([body], theirs ?? "");
});

test("a crash says where and not what secret, also one that came from a file or from a caller", async () => {
  const isReady = "process.listenerCount('uncaughtException') > 0";
  const when = (what: string) => crash(`setInterval(() => { if (${isReady}) { ${what} } }, 10)`);
  const { url: MATON_API_URL } = await upstream();
  const http = ["--transport", "http", "--port", "0", "--log-level", "debug"];
  const [thrown, rejected, ...later] = [
    run([], { MATON_API_KEY: key, NODE_OPTIONS: `--import=${when(`throw ${badKey}`)}` }),
    run([], { MATON_API_KEY: key, NODE_OPTIONS: `--import=${when(`Promise.reject(${badKey})`)}` }),
    run(http, {
      ...{ MATON_API_URL, OTHER: key, MATON_API_KEY_FILE: keyFile(`${key}\n`) },
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
    // What is refused is logged.
    await post(`${url}/mcp`, callTool("bigin_list_users"), { ...session, Host: key });
    await post(`${url}/mcp`, callTool("bigin_list_users"), { ...session, Origin: `http://${key}` });
    program.child.kill("SIGUSR2");
  }
  for (const program of [thrown, rejected, ...later]) {
    expect(await program?.ended).toBe(1);
    expect(program?.stderr()).toContain('"msg":"crashed"');
    expectSilence(program ? printed(program) : [], key);
  }
  for (const program of [thrown, rejected, later[0]])
    expect(program?.stderr()).toContain("bad [key]");
});
