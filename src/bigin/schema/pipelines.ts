import { badArguments } from "../../shared/failure.ts";
import { didYouMean } from "../../shared/suggest.ts";
import type { Listed } from "../api/lenient.ts";
import { type LayoutMeta, readOptions } from "../api/metadata.ts";
import { comparable } from "../values.ts";

interface Labelled {
  /** What records hold. */
  value: string;
  /** What people see. */
  label: string;
}

/** A team pipeline, which is a layout of the module Pipelines, with its sub-pipelines and their stages. */
export interface TeamPipeline {
  name: string;
  id: string;
  subPipelines: readonly SubPipeline[];
}

export interface SubPipeline extends Labelled {
  stages: readonly Labelled[];
}

/**
 * The team pipelines among the layouts of Pipelines. Layouts that are no longer in use do not count. Only layouts link the
 * options of Sub_Pipeline to their stages (docs/reference/bigin-api.md §2.5), and some do not: then the stages are unknown.
 */
export function teamPipelinesIn(layouts: readonly LayoutMeta[]): TeamPipeline[] {
  return layouts
    .filter(({ status, visible }) => status.toLowerCase() !== "inactive" && visible)
    .map(teamPipelineOf);
}

/**
 * False if a team pipeline may have more sub-pipelines or stages than could be read: then a name that is not among them
 * may be right all the same.
 */
export function areWhole({ items, skipped }: Listed<LayoutMeta>): boolean {
  return (
    skipped === 0 &&
    items.every(({ sections }) => {
      const fields = sections.items.map((section) => section.fields);
      const options = fields
        .flatMap((list) => list.items)
        .filter((field) => field.api_name === "Sub_Pipeline")
        .map((field) => field.pick_list_values);
      const lists = [sections, ...fields, ...options];
      return (
        options.some((list) => list.items.length > 0) && lists.every((list) => list.skipped === 0)
      );
    })
  );
}

function teamPipelineOf({ id, name, sections }: LayoutMeta): TeamPipeline {
  const options = sections.items
    .flatMap((section) => section.fields.items)
    .filter((field) => field.api_name === "Sub_Pipeline")
    .flatMap((field) => field.pick_list_values.items);
  return {
    name,
    id,
    subPipelines: options.map((option) => ({
      value: option.actual_value,
      label: option.display_value,
      stages: option.maps.items.flatMap((map) => stagesIn(map.pick_list_values)),
    })),
  };
}

function stagesIn(options: readonly unknown[]): Labelled[] {
  return readOptions(options).items.map(({ actual_value, display_value }) => {
    return { value: actual_value, label: display_value };
  });
}

/** Where a deal is or goes. Names are stored values or labels; `team` can also be an id. */
interface Position {
  team?: string | undefined;
  subPipeline?: string | undefined;
  stage?: string | undefined;
}

/**
 * The team pipeline, sub-pipeline and stage that a row gives a deal. What the row leaves out stays as it is now. Fails,
 * with the valid names, for a sub-pipeline outside its team pipeline and for a stage outside its sub-pipeline. The stage is
 * undefined if it is not known which stages the sub-pipeline has.
 */
export function positionIn(
  teams: readonly TeamPipeline[],
  wanted: Position,
  now: Position,
): { team: TeamPipeline; subPipeline: SubPipeline; stage: string | undefined } {
  const subName = wanted.subPipeline ?? now.subPipeline;
  if (subName === undefined)
    throw badArguments(`Sub_Pipeline is missing. Sub-pipelines: ${subNames(teams)}.`);
  const team = teamFor(teams, wanted, now, subName);
  const subPipeline = withName(team.subPipelines, subName);
  if (!subPipeline)
    throw badArguments(
      `The team pipeline "${team.name}" has no sub-pipeline "${subName}".${didYouMean(subName, labels(team.subPipelines))} It has: ${labels(team.subPipelines).join(", ")}.`,
    );
  const areStagesKnown = subPipeline.stages.length > 0;
  const stage = areStagesKnown ? stageIn(subPipeline, wanted.stage, now.stage) : undefined;
  return { team, subPipeline, stage };
}

function teamFor(
  teams: readonly TeamPipeline[],
  wanted: Position,
  now: Position,
  subName: string,
): TeamPipeline {
  if (wanted.team !== undefined) return teamNamed(teams, wanted.team);
  const holding = teams.filter((team) => withName(team.subPipelines, subName));
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

/** Finds a team pipeline by its id or name. Fails with the valid names. */
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
  refuseAmbiguous(subPipeline, wanted);
  const stage = name === undefined ? undefined : withName(subPipeline.stages, name);
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

/** Fails if several stages have the label, with their stored values. */
function refuseAmbiguous(subPipeline: SubPipeline, name: string | undefined): void {
  const wanted = name === undefined ? undefined : comparable(name);
  const same = subPipeline.stages.filter((one) => comparable(one.label) === wanted);
  if (same.length < 2) return;
  throw badArguments(
    `Stage has ${same.length} options called "${name}", stored as ${same.map((one) => one.value).join(" or ")}: use one of these values.`,
  );
}

function withName<T extends Labelled>(list: readonly T[], name: string): T | undefined {
  const wanted = comparable(name);
  return (
    list.find((one) => comparable(one.label) === wanted) ??
    list.find((one) => comparable(one.value) === wanted)
  );
}

function labels(list: readonly Labelled[]): string[] {
  return list.map((one) => one.label);
}

function subNames(teams: readonly TeamPipeline[]): string {
  return teams.map((team) => `${labels(team.subPipelines).join(", ")} (${team.name})`).join("; ");
}
