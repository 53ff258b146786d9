import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport, type McpServer } from "@modelcontextprotocol/server";

/** Runs one tool as an MCP client and prints what an agent would read. Returns the exit code: 1 if the tool failed. */
export async function runCall(
  server: McpServer,
  [name = "", json = "{}"]: readonly string[],
  print: (line: string) => void,
): Promise<number> {
  const client = new Client({ name: "bigin-mcp-call", version: "1" });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(far), client.connect(near)]);
  try {
    const result = await client.callTool({ name, arguments: readArguments(json) });
    for (const block of result.content) if (block.type === "text") print(block.text);
    return result.isError ? 1 : 0;
  } finally {
    await client.close();
  }
}

function readArguments(json: string): Record<string, unknown> {
  try {
    const args: unknown = JSON.parse(json);
    if (typeof args === "object" && args !== null && !Array.isArray(args)) return { ...args };
  } catch {
    // Reported below, like JSON that is not an object.
  }
  throw new Error(`The arguments must be a JSON object such as '{"module":"deals"}', not ${json}`);
}
