import { badArguments } from "../../shared/failure.ts";
import { didYouMean } from "../../shared/suggest.ts";
import type { LayoutMeta } from "../api/metadata.ts";
import { comparable } from "../values.ts";

interface Named {
  /** What records hold. */
  value: string;
  /** What people see. */
  label: string;
}

/** A team pipeline: a layout of the module Pipelines, with its sub-pipelines and the stages each allows. */
export interface TeamPipeline {
  name: string;
  id: string;
  subPipelines: readonly SubPipeline[];
}

export interface SubPipeline extends Named {
  stages: readonly Named[];
}

/** Sub_Pipeline's options carry the stages they allow; `/settings/fields` has the two unlinked (bigin-api.md §2.5). */
export function teamPipelineOf(layout: LayoutMeta): TeamPipeline {
  const options = layout.sections
    .flatMap((section) => section.fields)
    .filter((field) => field.api_name === "Sub_Pipeline")
    .flatMap((field) => field.pick_list_values);
  return {
    name: layout.name,
    id: layout.id,
    subPipelines: options.map((option) => ({
      value: option.actual_value,
      label: option.display_value,
      stages: option.maps.flatMap((map) =>
        map.pick_list_values.map((stage) => ({
          value: stage.actual_value,
          label: stage.display_value,
        })),
      ),
    })),
  };
}

/** Where a deal is, or is to be. Names are stored values or labels; `team` may be an id as well. */
interface Place {
  team?: string | undefined;
  subPipeline?: string | undefined;
  stage?: string | undefined;
}

/**
 * The team pipeline, sub-pipeline and stage a row asks for, given where the deal is now; what the row leaves out stays
 * as it is. Refuses, naming what there is, a sub-pipeline outside its team and a stage outside its sub-pipeline.
 */
export function placed(
  teams: readonly TeamPipeline[],
  wanted: Place,
  now: Place,
): { team: TeamPipeline; subPipeline: SubPipeline; stage: string } {
  const subName = wanted.subPipeline ?? now.subPipeline;
  if (subName === undefined)
    throw badArguments(`Sub_Pipeline is missing. Sub-pipelines: ${subNames(teams)}.`);
  const team = teamFor(teams, wanted, now, subName);
  const subPipeline = named(team.subPipelines, subName);
  if (!subPipeline)
    throw badArguments(
      `The team pipeline "${team.name}" has no sub-pipeline "${subName}".${didYouMean(subName, labels(team.subPipelines))} It has: ${labels(team.subPipelines).join(", ")}.`,
    );
  return { team, subPipeline, stage: stageIn(subPipeline, wanted.stage, now.stage) };
}

function teamFor(
  teams: readonly TeamPipeline[],
  wanted: Place,
  now: Place,
  subName: string,
): TeamPipeline {
  if (wanted.team !== undefined) return teamNamed(teams, wanted.team);
  const holding = teams.filter((team) => named(team.subPipelines, subName));
  const [only, second] = holding;
  const current = holding.find((team) => team.id === now.team);
  if (current) return current;
  if (only && !second) return only;
  if (only)
    throw badArguments(
      `The sub-pipeline "${subName}" is in ${holding.map((team) => team.name).join(" and in ")}: name one as Pipeline.`,
    );
  const all = teams.flatMap((team) => labels(team.subPipelines));
  throw badArguments(
    `There is no sub-pipeline "${subName}".${didYouMean(subName, all)} Sub-pipelines: ${subNames(teams)}.`,
  );
}

/** The team pipeline that goes by an id or a name; unknown ones fail with those there are. */
export function teamNamed(teams: readonly TeamPipeline[], name: string): TeamPipeline {
  const wanted = name.trim().toLowerCase();
  const found = teams.find((team) => team.id === wanted || team.name.toLowerCase() === wanted);
  if (found) return found;
  const names = teams.map((team) => team.name);
  throw badArguments(
    `There is no team pipeline "${name}".${didYouMean(name, names)} Team pipelines: ${names.join(", ")}.`,
  );
}

function stageIn(
  subPipeline: SubPipeline,
  wanted: string | undefined,
  now: string | undefined,
): string {
  const name = wanted ?? now;
  refuseTwins(subPipeline, wanted);
  const stage = name === undefined ? undefined : named(subPipeline.stages, name);
  if (stage) return stage.value;
  const stages = labels(subPipeline.stages);
  const has = `It has: ${stages.join(", ")}.`;
  if (name === undefined)
    throw badArguments(
      `Stage is missing; the sub-pipeline "${subPipeline.label}" needs one. ${has}`,
    );
  throw badArguments(
    wanted === undefined
      ? `The deal's stage "${name}" is not in the sub-pipeline "${subPipeline.label}": name a Stage too. ${has}`
      : `The sub-pipeline "${subPipeline.label}" has no stage "${name}".${didYouMean(name, stages)} ${has}`,
  );
}

/** Nobody can say which of two stages of one label is meant. */
function refuseTwins(subPipeline: SubPipeline, name: string | undefined): void {
  const wanted = name === undefined ? undefined : comparable(name);
  const twins = subPipeline.stages.filter((one) => comparable(one.label) === wanted);
  if (twins.length < 2) return;
  throw badArguments(
    `Stage has ${twins.length} options called "${name}", stored as ${twins.map((one) => one.value).join(" or ")}: use one of these values.`,
  );
}

function named<T extends Named>(list: readonly T[], name: string): T | undefined {
  const wanted = comparable(name);
  return (
    list.find((one) => comparable(one.label) === wanted) ??
    list.find((one) => comparable(one.value) === wanted)
  );
}

function labels(list: readonly Named[]): string[] {
  return list.map((one) => one.label);
}

function subNames(teams: readonly TeamPipeline[]): string {
  return teams.map((team) => `${labels(team.subPipelines).join(", ")} (${team.name})`).join("; ");
}
