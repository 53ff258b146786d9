import { orgId } from "../schema.ts";

interface SubPipeline {
  readonly id: string;
  readonly name: string;
  readonly stages: readonly string[];
}

export interface TeamPipeline {
  readonly id: string;
  readonly name: string;
  readonly subPipelines: readonly SubPipeline[];
}

function subPipeline(n: number, name: string, stages: string): SubPipeline {
  return { id: orgId(n), name, stages: stages.split(",").map((stage) => stage.trim()) };
}

/** In Bigin a team pipeline is a layout of the Pipelines module. The first one is the default. */
export const teamPipelines: readonly TeamPipeline[] = [
  {
    id: orgId(91_023),
    name: "Sales Pipeline",
    subPipelines: [
      subPipeline(
        92_001,
        "Sales Pipeline Standard",
        "Qualification, Needs Analysis, Proposal/Price Quote, Negotiation/Review, Closed Won, Closed Lost",
      ),
      subPipeline(
        92_002,
        "Enterprise Sales",
        "Discovery, Solution Design, Security Review, Proposal/Price Quote, Legal Review, Closed Won, Closed Lost",
      ),
      subPipeline(
        92_003,
        "Renewals",
        "Renewal Due, Quote Sent, Verbal Commitment, Renewed, Churned",
      ),
    ],
  },
  {
    id: orgId(91_024),
    name: "Onboarding",
    subPipelines: [
      subPipeline(
        92_004,
        "Onboarding Standard",
        "Kickoff, Data Migration, Training, Go Live, Onboarded, Cancelled",
      ),
      subPipeline(
        92_005,
        "Premium Onboarding",
        "Kickoff, Solution Workshop, Integration, Pilot, Go Live, Handed Over, Cancelled",
      ),
    ],
  },
];

/** No longer in use, but still among the layouts of an organisation. */
export const retiredPipeline: TeamPipeline = {
  id: orgId(91_025),
  name: "Sales Pipeline (old)",
  subPipelines: [
    subPipeline(92_006, "Sales Pipeline Standard", "Qualification, Closed Won, Closed Lost"),
    subPipeline(92_007, "Renewals", "Renewal Due, Renewed"),
  ],
};

export const wonStages = ["Closed Won", "Renewed", "Onboarded", "Handed Over"];
export const lostStages = ["Closed Lost", "Churned", "Cancelled"];

const subPipelines = teamPipelines.flatMap((team) => team.subPipelines);
export const subPipelineNames = subPipelines.map((entry) => entry.name);
export const stageNames = [...new Set(subPipelines.flatMap((entry) => entry.stages))];
