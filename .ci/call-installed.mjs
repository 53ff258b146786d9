// One call with the installed program: node .ci/call-installed.mjs PATH/TO/bigin-mcp
import { tmpdir } from "node:os";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

const [, , command] = process.argv;
const client = new Client({ name: "ci", version: "1" });
await client.connect(new StdioClientTransport({ command, args: ["--sandbox"], cwd: tmpdir() }));
const { structuredContent } = await client.callTool({
  name: "bigin_list_records",
  arguments: { module: "Contacts", per_page: 3 },
});
await client.close();
if (structuredContent?.rows?.length !== 3)
  throw new Error(`no three contacts: ${JSON.stringify(structuredContent)}`);
process.stdout.write("The installed package answered a call.\n");
