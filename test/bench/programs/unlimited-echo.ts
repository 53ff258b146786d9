import * as z from "zod";
import { defineTool } from "../../../src/tool/define.ts";
import { serveWithoutLimits } from "./put-together.ts";

const echo = defineTool({
  name: "bigin_get_echo",
  title: "Echo",
  description: "Answers what it was sent.",
  toolset: "records",
  scope: "account",
  examples: [{ text: "hello" }],
  effect: "read",
  input: z.strictObject({ text: z.string() }),
  output: z.looseObject({ text: z.string() }),
  run: async ({ text }) => ({ text }),
});

await serveWithoutLimits([echo]);
