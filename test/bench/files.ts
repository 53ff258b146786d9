import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { serveSandbox } from "../../src/sandbox/serve.ts";
import { type Child, initializeParams, startChild } from "./child.ts";

// npm run bench:files: the files of ours that a newcomer meets who follows one warm list call. Starts the TypeScript sources
// over stdio, and counts the files under src/ and tools/ of which a function ran in the second call. Exits with 1 if there
// are more than `atMost`.

const atMost = 42;
const root = fileURLToPath(new URL("../..", import.meta.url));
const call = {
  name: "bigin_list_records",
  arguments: { module: "contacts", fields: ["last name", "owner"], per_page: 5 },
};

/** The files of which a function ran since the last look, each with these functions. */
async function filesRun(child: Child): Promise<[file: string, functions: string[]][]> {
  const line = child.says(/^ran (.+)$/);
  child.process.kill("SIGUSR2");
  const scripts: [url: string, functions: string[]][] = JSON.parse(await line);
  return scripts
    .filter(([url, functions]) => url.startsWith("file:") && functions.length > 0)
    .map(([url, functions]): [string, string[]] => [relative(root, fileURLToPath(url)), functions])
    .filter(([file]) => /^(src|tools)\//.test(file))
    .toSorted();
}

async function list(child: Child): Promise<void> {
  const reply = await child.request("tools/call", call);
  if (reply["isError"]) throw new Error(JSON.stringify(reply));
}

const sandbox = await serveSandbox({ port: 0 });
const coverage = fileURLToPath(new URL("programs/coverage.ts", import.meta.url));
const child = startChild(
  [
    "--import",
    "tsx",
    "--import",
    coverage,
    fileURLToPath(new URL("../../src/main.ts", import.meta.url)),
  ],
  { MATON_API_URL: sandbox.url, MATON_API_KEY: "sandbox" },
);
await child.request("initialize", initializeParams);
child.notify("notifications/initialized");
await list(child);
await filesRun(child);
await list(child);
const files = await filesRun(child);
await child.stop();
await sandbox.close();

for (const [file, functions] of files) {
  const names = functions.filter((name) => !["", "__name"].includes(name)).join(" ");
  process.stdout.write(`${file.padEnd(36)} ${names.slice(0, 80)}\n`);
}
process.stdout.write(`\n${files.length} files; at most ${atMost} are wanted\n`);
process.exitCode = files.length > atMost ? 1 : 0;
