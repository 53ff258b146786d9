import { expect, test } from "vitest";
import { readSettings } from "../../src/settings/settings.ts";

const unexpanded = ["$", "{TOKENS}"].join("");

test.each<[args: string[], env: Record<string, string>, message: string]>([
  [
    ["--transport", "carrier-pigeon"],
    {},
    '--transport is "carrier-pigeon"; it must be one of stdio, http, sse.',
  ],
  [
    [],
    { BIGIN_LOG_LEVEL: "loud" },
    'BIGIN_LOG_LEVEL is "loud"; it must be one of debug, info, warn, error, silent.',
  ],
  [
    [],
    { BIGIN_MCP_PORT: "http" },
    'BIGIN_MCP_PORT is "http"; it must be a port number from 0 to 65535.',
  ],
  [[], { BIGIN_READ_ONLY: "maybe" }, 'BIGIN_READ_ONLY is "maybe"; it must be true or false.'],
  [
    [],
    { MATON_GATEWAY_URL: "https://maton.ai.evil.example" },
    "it must be https on maton.ai, or an address of this machine",
  ],
  [["--gateway-url", "http://gateway.maton.ai"], {}, "--gateway-url is"],
  [
    [],
    { BIGIN_MCP_AUTH_TOKENS: "short-secret" },
    "BIGIN_MCP_AUTH_TOKENS is not usable; each token must have at least 16 characters.",
  ],
  ...[unexpanded, `good-token-of-16-chars,${unexpanded}`, " , ", ""].map(
    (tokens): [string[], Record<string, string>, string] => [
      ["--transport", "http"],
      { BIGIN_MCP_AUTH_TOKENS: tokens },
      "BIGIN_MCP_AUTH_TOKENS is not usable; set at least one token",
    ],
  ),
  [["--reed-only"], {}, "unknown option '--reed-only'"],
  [["sing"], {}, 'There is no command "sing". Commands: sandbox, demo, tools, call'],
  [["demo", "twice"], {}, "too many arguments for 'demo'"],
])("wrong settings are refused by name: %j %j", async (args, env, message) => {
  const refusal = readSettings(args, "0.0.0", env);
  await expect(refusal).rejects.toThrow(message);
  await expect(refusal).rejects.not.toThrow("short-secret");
});
