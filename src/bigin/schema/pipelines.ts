import { badArguments } from "../../shared/failure.ts";
import { didYouMean } from "../../shared/suggest.ts";
import type { Listed } from "../api/lenient.ts";
import { areNamed, type LayoutMeta, readOptions } from "../api/metadata.ts";
import { comparable, isId } from "../values.ts";

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
  /** False if it may have sub-pipelines that could not be read. */
  isWhole: boolean;
  /** False if Bigin does not say whether it is in use. */
  isInUse: boolean;
}

export interface SubPipeline extends Labelled {
  stages: readonly Labelled[];
  /** False if it may have stages that could not be read, or if Bigin does not say which stages it has. */
  isWhole: boolean;
}

/** The team pipelines of an organisation. */
export interface TeamPipelines {
  items: readonly TeamPipeline[];
  /** False if there may be others. */
  isWhole: boolean;
}

export const noTeams: TeamPipelines = { items: [], isWhole: false };

/**
 * The team pipelines among the layouts of Pipelines. Layouts that are no longer in use do not count. Only layouts link the
 * options of Sub_Pipeline to their stages (docs/reference/bigin-api.md §2.5), and some do not: then the stages are unknown.
 */
export function teamPipelinesIn({ items, skipped }: Listed<LayoutMeta>): TeamPipelines {
  return {
    items: items
      .filter(({ status, visible }) => status?.toLowerCase() !== "inactive" && visible !== false)
      .map(teamPipelineOf),
    isWhole: skipped === 0,
  };
}

/** Whether everything about the team pipelines could be read, except stages that Bigin does not tell. */
export function areWhole({ items, isWhole }: TeamPipelines): boolean {
  return isWhole && items.every((team) => team.isWhole && !team.subPipelines.some(isCut));
}

/** Whether only some of the stages could be read. */
function isCut({ stages, isWhole }: SubPipeline): boolean {
  return stages.length > 0 && !isWhole;
}

function teamPipelineOf({ id, name, status, visible, sections }: LayoutMeta): TeamPipeline {
  const fields = sections.items.map((section) => section.fields);
  const lists = fields
    .flatMap((list) => list.items)
    .filter((field) => field.api_name === "Sub_Pipeline")
    .map((field) => field.pick_list_values);
  const options = lists.flatMap((list) => list.items);
  return {
    name,
    id,
    isInUse: status !== undefined || visible !== undefined,
    subPipelines: options.map(({ value, label = value, maps }) => {
      const stages = maps.items.map((map) => readOptions(map.pick_list_values));
      const known = stages.flatMap((list) => list.items);
      return {
        value,
        label,
        stages: known.map((stage) => ({ value: stage.value, label: stage.label ?? stage.value })),
        isWhole: known.length > 0 && maps.skipped === 0 && stages.every(areNamed),
      };
    }),
    isWhole:
      options.length > 0 &&
      lists.every(areNamed) &&
      [sections, ...fields].every((list) => list.skipped === 0),
  };
}

/** Where a deal is or goes. Names are stored values or labels; `team` can also be an id. */
interface Position {
  team?: string | undefined;
  subPipeline?: string | undefined;
  stage?: string | undefined;
}

/** A position by what was read of the team pipelines; a part that only Bigin can check is undefined. */
interface Place {
  team: TeamPipeline | undefined;
  subPipeline: SubPipeline | undefined;
  /** The stored value. */
  stage: string | undefined;
}

/**
 * The team pipeline, sub-pipeline and stage that a row gives a deal. What the row leaves out stays as it is now. Fails,
 * with the valid names, for a sub-pipeline outside its team pipeline and for a stage outside its sub-pipeline, unless the
 * name may be one that could not be read.
 */
export function positionIn(teams: TeamPipelines, wanted: Position, now: Position): Place {
  const subName = wanted.subPipeline ?? now.subPipeline;
  if (subName === undefined)
    throw badArguments(`Sub_Pipeline is missing. Sub-pipelines: ${subNames(teams.items)}.`);
  const team = teamFor(teams, wanted, now, subName);
  const subPipeline = team && withName(team.subPipelines, subName);
  if (team?.isWhole && !subPipeline)
    throw badArguments(
      `The team pipeline "${team.name}" has no sub-pipeline "${subName}".${didYouMean(subName, labels(team.subPipelines))} It has: ${labels(team.subPipelines).join(", ")}.`,
    );
  const stage = subPipeline && stageIn(subPipeline, wanted.stage, now.stage);
  return { team, subPipeline, stage };
}

function teamFor(
  teams: TeamPipelines,
  wanted: Position,
  now: Position,
  subName: string,
): TeamPipeline | undefined {
  if (wanted.team !== undefined) return teamWanted(teams, wanted.team);
  const { items } = teams;
  const all = items.filter((team) => withName(team.subPipelines, subName));
  const current = items.find((team) => team.id === now.team);
  if (current && all.includes(current)) return current;
  // The deal may stay where it is: in a sub-pipeline that could not be read.
  const mayStay = now.team !== undefined && !(current ?? teams).isWhole;
  if (mayStay) return current;
  const holding = inUseFirst(all);
  const [only, second] = holding;
  if (only && !second) return only;
  if (only)
    throw badArguments(
      `The sub-pipeline "${subName}" is in ${holding.map((team) => team.name).join(" and in ")}: name one as Pipeline.`,
    );
  if (!teams.isWhole || items.some((team) => !team.isWhole)) return undefined;
  const known = items.flatMap((team) => labels(team.subPipelines));
  throw badArguments(
    `There is no sub-pipeline "${subName}".${didYouMean(subName, known)} Sub-pipelines: ${subNames(items)}.`,
  );
}

function inUseFirst(teams: readonly TeamPipeline[]): readonly TeamPipeline[] {
  const inUse = teams.filter((team) => team.isInUse);
  return inUse.length > 0 ? inUse : teams;
}

/** Bigin takes a team pipeline that was not read by its id only. */
function teamWanted(teams: TeamPipelines, name: string): TeamPipeline | undefined {
  const team = teamNamed(teams, name);
  if (team || isId(name)) return team;
  const names = teams.items.map((one) => one.name).join(", ");
  throw badArguments(
    `The team pipeline "${name}" is not among those that could be read (${names}): give its id.`,
  );
}

/** Finds a team pipeline by its id or name. Fails with the valid names; undefined if it may be one that was not read. */
export function teamNamed(
  { items, isWhole }: TeamPipelines,
  name: string,
): TeamPipeline | undefined {
  const wanted = comparable(name);
  const found = items.find((team) => team.id === wanted || comparable(team.name) === wanted);
  if (found || !isWhole) return found;
  const names = items.map((team) => team.name);
  throw badArguments(
    `There is no team pipeline "${name}".${didYouMean(name, names)} Team pipelines: ${names.join(", ")}.`,
  );
}

/** The stored value of a stage; undefined if it may be one that could not be read. */
function stageIn(
  subPipeline: SubPipeline,
  wanted: string | undefined,
  now: string | undefined,
): string | undefined {
  const name = wanted ?? now;
  refuseAmbiguous(subPipeline, wanted);
  const stage = name === undefined ? undefined : withName(subPipeline.stages, name);
  if (stage || !subPipeline.isWhole) return stage?.value;
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
