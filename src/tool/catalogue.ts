import * as z from "zod";
import { shortened } from "../reply/untrusted-text.ts";
import { cleanText } from "../shared/clean-text.ts";
import { badArguments } from "../shared/failure.ts";
import { didYouMean } from "../shared/suggest.ts";
import type { Confirm } from "./confirm.ts";
import { type Annotations, annotationsOf, type Tool } from "./define.ts";
import { instructionsFor } from "./instructions.ts";
import { type JsonSchema, jsonSchemaOf } from "./json-schema.ts";
import { withSharedArguments } from "./shared-arguments.ts";

/** Of a name that is quoted because it is no tool's. */
const longestName = 100;

interface ListedTool {
  name: string;
  title: string;
  description: string;
  inputSchema: JsonSchema & { type: "object" };
  outputSchema: JsonSchema & { type: "object" };
  annotations: Annotations;
  _meta?: Readonly<Record<string, unknown>>;
}

/** A tool as it is offered: with the shared arguments it takes, and every kind of reply it may give. */
export interface OfferedTool {
  tool: Tool;
  input: z.ZodObject;
  output: z.ZodObject;
}

/** The tools on offer under the settings, with everything that can be made once made once. */
export interface Catalogue {
  /** As `tools/list` answers; made with the first call, so that starting costs nothing. */
  list(): readonly ListedTool[];
  /** What an agent should know of these tools before its first call. */
  instructions: string;
  /** The tool, or one sentence that says why there is none: switched off by which setting, or the nearest name. */
  find(name: string): { offered: OfferedTool } | { off: string } | { unknown: string };
}

/** Which tools are offered: exclude beats include, read-only beats both. */
export interface Choice {
  readOnly: boolean;
  /** Tools that may ask for a confirmation take a confirm_token; "destructive" when absent. */
  confirm?: Confirm | undefined;
  /** Toolsets by name; undefined for the default ones, unless single tools are chosen. */
  toolsets?: readonly string[] | undefined;
  /** Single tools, besides the toolsets. */
  tools?: readonly string[] | undefined;
  excludeTools?: readonly string[] | undefined;
  /** Of these toolsets only, whatever else is chosen: one caller's own wish. */
  only?: readonly string[] | undefined;
}

/** Fails with one sentence if a chosen toolset or tool does not exist. */
export function createCatalogue(tools: readonly Tool[], choice: Choice): Catalogue {
  checkChoice(tools, choice);
  const chosen = tools.filter((tool) => whyOff(tool, choice) === undefined);
  const offered = chosen.map((tool) => asOffered(tool, choice.confirm ?? "destructive"));
  const byName = new Map(offered.map((one) => [one.tool.name, one]));
  let listed: readonly ListedTool[] | undefined;
  return {
    instructions: instructionsFor(chosen),
    list() {
      listed ??= offered.map(listTool);
      return listed;
    },
    find(name) {
      const found = byName.get(name);
      if (found) return { offered: found };
      const off = tools.find((one) => one.name === name);
      if (off) return { off: `${name} is switched off: ${whyOff(off, choice)}.` };
      const given = cleanText(shortened(name, longestName));
      return { unknown: `There is no tool "${given}".${didYouMean(given, [...byName.keys()])}` };
    },
  };
}

/** The setting that keeps a tool away, and so the one that brings it back; undefined when it is on offer. */
function whyOff(tool: Tool, choice: Choice): string | undefined {
  if (choice.readOnly && tool.effect !== "read")
    return "this server is read-only (--read-only, BIGIN_READ_ONLY or X-Bigin-Read-Only)";
  if (choice.excludeTools?.includes(tool.name))
    return "it is excluded (--exclude-tools or BIGIN_EXCLUDE_TOOLS)";
  if (choice.only && !choice.only.includes(tool.toolset))
    return "it is in none of the toolsets this caller asked for (X-Bigin-Toolsets)";
  if (choice.tools?.includes(tool.name)) return undefined;
  const toolsets = choice.toolsets ?? (choice.tools ? [] : undefined);
  if (toolsets === undefined || toolsets.includes(tool.toolset)) return undefined;
  return `add the toolset ${tool.toolset} (--toolsets or BIGIN_TOOLSETS), or the tool (--tools or BIGIN_TOOLS)`;
}

function asOffered(tool: Tool, confirm: Confirm): OfferedTool {
  const input = withSharedArguments(tool, confirm);
  if (tool.effect === "read") return { tool, input, output: tool.output };
  // A dry run and a question are replies too.
  return { tool, input, output: beforeWriting.extend(tool.output.partial().shape).loose() };
}

/** What a writing tool answers while nothing was sent. */
const beforeWriting = z.looseObject({
  status: z.string().optional().describe("dry_run or confirmation_required: nothing was sent"),
  confirm_token: z.string().optional(),
  expires_at: z.string().optional(),
});

function checkChoice(tools: readonly Tool[], choice: Choice): void {
  const toolsets = [...new Set<string>(tools.map((tool) => tool.toolset))];
  const names = tools.map((tool) => tool.name);
  const wrong = [...(choice.toolsets ?? []), ...(choice.only ?? [])].find(
    (name) => !toolsets.includes(name),
  );
  if (wrong)
    throw badArguments(`There is no toolset "${wrong}". Toolsets: ${toolsets.join(", ")}.`);
  const unknown = [...(choice.tools ?? []), ...(choice.excludeTools ?? [])].find(
    (name) => !names.includes(name),
  );
  if (unknown)
    throw badArguments(
      `There is no tool "${unknown}".${didYouMean(unknown, names) || " bigin-mcp tools lists them."}`,
    );
}

function listTool({ tool, input, output }: OfferedTool): ListedTool {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: { ...jsonSchemaOf(input), type: "object" },
    outputSchema: { ...jsonSchemaOf(output), type: "object" },
    annotations: annotationsOf(tool.effect),
    ...(tool.searchHint && { _meta: { "anthropic/searchHint": tool.searchHint } }),
  };
}
