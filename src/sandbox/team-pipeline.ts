import type { BiginError } from "./errors.ts";
import { asText, idOf, type Json, type ModuleDef } from "./schema.ts";
import { type TeamPipeline, teamPipelines } from "./seed/pipelines.ts";
import { itemError } from "./values.ts";

/**
 * The team pipeline of a deal, from `Layout` or `Pipeline`, or else from its sub-pipeline. Throws MAPPING_MISMATCH for
 * a sub-pipeline that is not in the team pipeline or a stage that is not in the sub-pipeline.
 */
export function teamPipeline(def: ModuleDef, row: Json, merged: Json, index: number): Json {
  if (!def.byName.has("Sub_Pipeline")) return {};
  const name = asText(merged["Sub_Pipeline"]);
  const team = chosenTeam(row, merged, name, index);
  const sub = subPipeline(team, name);
  if (!sub) throw mismatch("Layout doesn't contain the Pipeline", "Sub_Pipeline", "Layout", index);
  if (!sub.stages.includes(asText(merged["Stage"])))
    throw mismatch("Pipeline doesn't contain the Stage", "Stage", "Sub_Pipeline", index);
  return { Pipeline: { name: team.name, id: team.id } };
}

function subPipeline(team: TeamPipeline, name: string) {
  return team.subPipelines.find((entry) => entry.name === name);
}

function chosenTeam(row: Json, merged: Json, name: string, index: number): TeamPipeline {
  const given = row["Layout"] ?? row["Pipeline"];
  if (given !== undefined && given !== null) {
    const id = typeof given === "string" ? given : idOf(given);
    const team = teamPipelines.find((entry) => entry.id === id);
    return team ?? refuseTeam("Layout" in row ? "Layout" : "Pipeline", id, index);
  }
  const current = teamPipelines.find((entry) => entry.id === idOf(merged["Pipeline"]));
  return current && subPipeline(current, name) ? current : teamWith(name);
}

function refuseTeam(key: string, id: string | undefined, index: number): never {
  throw itemError("INVALID_DATA", "invalid data", key, index, id === undefined ? {} : { id });
}

function teamWith(name: string): TeamPipeline {
  const [standard] = teamPipelines;
  const found = teamPipelines.find((entry) => subPipeline(entry, name)) ?? standard;
  if (!found) throw new Error("The seed has no team pipeline.");
  return found;
}

function mismatch(message: string, name: string, mapped: string, index: number): BiginError {
  return itemError("MAPPING_MISMATCH", message, name, index, {
    mapped_field: { api_name: mapped, json_path: `$.data[${index}].${mapped}` },
  });
}
