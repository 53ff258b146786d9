import type { Row } from "../api/records.ts";
import type { Resolved } from "../names/resolved.ts";
import { fieldNamed, optionNamed, type Schema } from "../schema/fields.ts";
import {
  positionIn,
  type SubPipeline,
  type TeamPipeline,
  type TeamPipelines,
} from "../schema/pipelines.ts";
import { idIn, isObject } from "../values.ts";

const unknownStages =
  "stages were not checked against the sub-pipeline: this Bigin does not say which stages each has";
const unreadStages =
  "stages were not checked against the sub-pipeline: some of its stages could not be read";
const unplaced =
  "the stage was not checked against the sub-pipeline: some team pipelines could not be read";

/**
 * A deal's row with a team pipeline, sub-pipeline and stage that fit each other. A team that is not named is found by the
 * sub-pipeline. Bigin takes it as `Layout` (docs/reference/bigin-api.md §2.5). Where a sub-pipeline or its stages are not
 * known, any of the module is taken, with a note.
 */
export function inPipeline(
  row: Row,
  { isNew, before }: { isNew: boolean; before?: Row | undefined },
  schema: Schema,
  teams: TeamPipelines,
): { row: Row; note?: string | undefined; resolved?: Resolved[] } {
  const { Layout, Pipeline, ...rest } = row;
  const wanted = {
    team: nameIn(Layout ?? Pipeline),
    subPipeline: nameIn(row["Sub_Pipeline"]),
    stage: nameIn(row["Stage"]),
  };
  const isAsked = Object.values(wanted).some((one) => one !== undefined);
  // What is missing was reported already. Without the record as it is now, nothing can be compared.
  if (!isAsked || (isNew ? !wanted.subPipeline || !wanted.stage : !before)) return { row };
  const now = {
    team: idIn(before?.["Pipeline"]),
    subPipeline: nameIn(before?.["Sub_Pipeline"]),
    stage: nameIn(before?.["Stage"]),
  };
  const { team, subPipeline, stage } = positionIn(teams, wanted, now);
  // A team pipeline that was not read is sent as it was given.
  const layout = team ? layoutOf(team, now.team, teams) : (Layout ?? Pipeline);
  const placed = {
    ...rest,
    ...optionIn(schema, "Sub_Pipeline", wanted.subPipeline, subPipeline?.value),
    ...optionIn(schema, "Stage", wanted.stage, stage),
    ...(layout !== undefined && { Layout: layout }),
  };
  return {
    row: placed,
    note: stage === undefined ? unplacedNote(subPipeline) : undefined,
    resolved: layout === undefined ? [] : resolvedTeam(team, wanted.team ?? wanted.subPipeline),
  };
}

function resolvedTeam(team: TeamPipeline | undefined, text = ""): Resolved[] {
  return team ? [{ field: "Pipeline", text, name: team.name, id: team.id }] : [];
}

/** Undefined if the deal is there already, or Bigin has no other. */
function layoutOf({ id }: TeamPipeline, now: string | undefined, teams: TeamPipelines) {
  const isOnly = teams.items.length === 1 && teams.isWhole;
  return isOnly || id === now ? undefined : { id };
}

/** A row with the stored value of an option: `known`, or else by the field's own options. Empty if none is given. */
function optionIn(
  schema: Schema,
  name: string,
  given: string | undefined,
  known: string | undefined,
): Row {
  if (given === undefined) return {};
  return { [name]: known ?? optionNamed(fieldNamed(schema, name), given) };
}

function unplacedNote(subPipeline: SubPipeline | undefined): string {
  if (!subPipeline) return unplaced;
  return subPipeline.stages.length > 0 ? unreadStages : unknownStages;
}

/** A name, or the id or name in an object. */
export function nameIn(value: unknown): string | undefined {
  const name = isObject(value) ? (value["id"] ?? value["name"]) : value;
  return typeof name === "string" && name.trim() !== "" ? name : undefined;
}
