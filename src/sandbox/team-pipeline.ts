import { asText, idOf, type Json, type ModuleDef } from "./schema.ts";
import { TEAM_PIPELINES, type TeamPipeline } from "./seed/pipelines.ts";
import { itemError } from "./values.ts";

const holds = (team: TeamPipeline, name: string) =>
  team.subPipelines.find((entry) => entry.name === name);

/**
 * The team pipeline a deal ends up in, from `Layout` or `Pipeline` or else from its sub-pipeline;
 * refuses a sub-pipeline outside it and a stage outside the sub-pipeline.
 */
export function teamPipeline(def: ModuleDef, row: Json, merged: Json, index: number): Json {
  if (!def.byName.has("Sub_Pipeline")) return {};
  const name = asText(merged["Sub_Pipeline"]);
  const team = chosenTeam(row, merged, name, index);
  const sub = holds(team, name);
  if (!sub) throw mismatch("Layout doesn't contain the Pipeline", "Sub_Pipeline", "Layout", index);
  if (!sub.stages.includes(asText(merged["Stage"]))) {
    throw mismatch("Pipeline doesn't contain the Stage", "Stage", "Sub_Pipeline", index);
  }
  return { Pipeline: { name: team.name, id: team.id } };
}

function chosenTeam(row: Json, merged: Json, name: string, index: number): TeamPipeline {
  const given = row["Layout"] ?? row["Pipeline"];
  if (given !== undefined && given !== null) {
    const id = typeof given === "string" ? given : idOf(given);
    const team = TEAM_PIPELINES.find((entry) => entry.id === id);
    return team ?? refuseTeam("Layout" in row ? "Layout" : "Pipeline", id, index);
  }
  const current = TEAM_PIPELINES.find((entry) => entry.id === idOf(merged["Pipeline"]));
  return current && holds(current, name) ? current : teamWith(name);
}

function refuseTeam(key: string, id: string | undefined, index: number): never {
  throw itemError("INVALID_DATA", "invalid data", key, index, id === undefined ? {} : { id });
}

function teamWith(name: string): TeamPipeline {
  const [standard] = TEAM_PIPELINES;
  const found = TEAM_PIPELINES.find((entry) => holds(entry, name)) ?? standard;
  if (!found) throw new Error("the seed has no team pipeline");
  return found;
}

const mismatch = (message: string, name: string, mapped: string, index: number) =>
  itemError("MAPPING_MISMATCH", message, name, index, {
    mapped_field: { api_name: mapped, json_path: `$.data[${index}].${mapped}` },
  });
