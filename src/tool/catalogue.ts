import { nearest } from "../nearest.ts";
import { type Annotations, annotationsOf, type Tool } from "./define.ts";
import { type JsonSchema, jsonSchemaOf } from "./schema.ts";

interface ListedTool {
  name: string;
  title: string;
  description: string;
  inputSchema: JsonSchema & { type: "object" };
  outputSchema: JsonSchema & { type: "object" };
  annotations: Annotations;
}

/** The tools on offer under the settings, with everything that can be made once made once. */
export interface Catalogue {
  /** As `tools/list` answers; made with the first call, so that starting costs nothing. */
  list(): readonly ListedTool[];
  /** The tool, or one sentence that says why there is none: switched off by which setting, or the nearest name. */
  find(name: string): { tool: Tool } | { off: string } | { unknown: string };
}

export function createCatalogue(
  tools: readonly Tool[],
  settings: { readOnly: boolean },
): Catalogue {
  const offered = tools.filter((tool) => !settings.readOnly || tool.effect === "read");
  const byName = new Map(offered.map((tool) => [tool.name, tool]));
  const all = new Set(tools.map((tool) => tool.name));
  let listed: readonly ListedTool[] | undefined;
  return {
    list() {
      listed ??= offered.map(listTool);
      return listed;
    },
    find(name) {
      const tool = byName.get(name);
      if (tool) return { tool };
      if (all.has(name))
        return {
          off: `${name} is switched off: this server is read-only (--read-only or BIGIN_READ_ONLY).`,
        };
      return { unknown: `There is no tool "${name}".${nearest(name, [...byName.keys()])}` };
    },
  };
}

function listTool(tool: Tool): ListedTool {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: { ...jsonSchemaOf(tool.input), type: "object" },
    outputSchema: { ...jsonSchemaOf(tool.output), type: "object" },
    annotations: annotationsOf(tool.effect),
  };
}
