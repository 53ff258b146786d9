import type { BiginRecord, Row } from "../api/records.ts";
import type { Resolved } from "../names/resolved.ts";
import { idIn, isObject } from "../values.ts";
import { fieldNamed, optionNamed, type Schema } from "./fields.ts";
import { positionIn, type TeamPipeline } from "./pipelines.ts";

/**
 * A deal's row with a team pipeline, sub-pipeline and stage that fit each other. A team that is not named is found by the
 * sub-pipeline. Bigin takes it as `Layout` (docs/reference/bigin-api.md §2.5). Where the stages of a sub-pipeline are not
 * known, any stage of the module is taken.
 */
export function inPipeline(
  row: Row,
  { isNew, before }: { isNew: boolean; before?: BiginRecord | undefined },
  { teams, schema }: { teams: readonly TeamPipeline[]; schema: Schema },
): { row: Row; resolved?: Resolved[] } {
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
  const placed = {
    ...rest,
    ...(wanted.subPipeline !== undefined && { Sub_Pipeline: subPipeline.value }),
    ...(wanted.stage !== undefined && {
      Stage: stage ?? optionNamed(fieldNamed(schema, "Stage"), wanted.stage),
    }),
  };
  if (teams.length < 2 || team.id === now.team) return { row: placed };
  const text = wanted.team ?? subPipeline.label;
  return {
    row: { ...placed, Layout: { id: team.id } },
    resolved: [{ field: "Pipeline", text, name: team.name, id: team.id }],
  };
}

/** A name, or the id or name in an object. */
export function nameIn(value: unknown): string | undefined {
  const name = isObject(value) ? (value["id"] ?? value["name"]) : value;
  return typeof name === "string" && name.trim() !== "" ? name : undefined;
}
