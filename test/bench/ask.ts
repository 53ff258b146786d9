import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import type { SandboxOptions } from "../../src/sandbox/app.ts";
import { connect } from "../support/connect.ts";
import { linkField } from "../support/contract.ts";
import { recordsIn } from "../support/writes.ts";
import { plainWords, questions, renamedWords } from "./questions.ts";
import { truthOf } from "./truth.ts";

export interface Answered {
  name: string;
  right: boolean;
  answer: string[];
  truth: string[];
  ours: Cost;
  raw: Cost;
}

interface Cost {
  calls: number;
  /** o200k tokens of the arguments and the replies. */
  tokens: number;
}

/**
 * Asks the eight questions about one organisation through our tools, and finds the true answers in its store. Counts what
 * the questions cost, and what the same data cost as Bigin's own JSON, page by page, as a pass-through tool returns it.
 */
export async function askAll(options: SandboxOptions): Promise<Answered[]> {
  const connected = await connect(options);
  const { sandbox } = connected;
  const company = companyToAskAbout(connected);
  const truth = truthOf(sandbox, options, company);
  const answered: Answered[] = [];
  const words = options.renamed ? renamedWords : plainWords;
  for (const [at, question] of questions.entries()) {
    const ours = { calls: 0, tokens: 0 };
    const answer = await question.ask(
      async (tool, args) => {
        const reply = await connected.call(tool, args);
        ours.calls += 1;
        ours.tokens += countTokens(JSON.stringify(args)) + countTokens(JSON.stringify(reply));
        return reply;
      },
      words,
      company,
    );
    const expected = truth[at] ?? [];
    const right = JSON.stringify(answer) === JSON.stringify(expected);
    answered.push({
      name: question.asked(words, company),
      right,
      answer,
      truth: expected,
      ours,
      raw: await rawCost(sandbox.fetch, at),
    });
  }
  return answered;
}

const dealFields = [
  "deal name",
  "amount",
  "stage",
  "closing date",
  "company name",
  "contact name",
  "owner",
];

/** What one more deal costs in a list of 50 with its id and seven fields, o200k tokens. */
export async function tokensPerDeal(): Promise<number> {
  const { call } = await connect();
  const tokensOfList = async (rows: number) => {
    const args = { module: "deals", fields: dealFields, per_page: rows };
    return countTokens(JSON.stringify(await call("bigin_list_records", args)));
  };
  return ((await tokensOfList(50)) - (await tokensOfList(1))) / 49;
}

/** A company with open deals that something happened with lately. */
function companyToAskAbout({ sandbox }: Awaited<ReturnType<typeof connect>>): string {
  const names = recordsIn(sandbox, "Accounts").map((one) => String(one["Account_Name"]));
  const richness = (name: string) => {
    const answers = truthOf(sandbox, {}, name);
    return (answers[1]?.length ?? 0) * 100 + (answers[6]?.length ?? 0);
  };
  return names.toSorted((a, b) => richness(b) - richness(a))[0] ?? "";
}

/** The lists that a pass-through tool would have to read for each question: all pages, with the fields that matter. */
const rawLists: readonly (readonly string[])[] = [
  ["Pipelines?fields=Deal_Name,Closing_Date,Owner"],
  ["Pipelines?fields=Deal_Name,Amount,Stage,Account_Name,Contact_Name"],
  ["Contacts?fields=Full_Name,Email"],
  ["Pipelines?fields=Stage,Amount"],
  ["Tasks?fields=Subject,Due_Date,Status,Owner"],
  ["Accounts?fields=Account_Name", "Pipelines?fields=Stage,Account_Name"],
  [
    "Notes?fields=Note_Content,Parent_Id,Created_Time",
    `Calls?fields=Subject,${linkField},Call_Start_Time`,
    `Events?fields=Event_Title,${linkField},Start_DateTime`,
  ],
  ["Pipelines?fields=Stage,Associated_Products"],
];

async function rawCost(send: typeof fetch, question: number): Promise<Cost> {
  const cost = { calls: 0, tokens: 0 };
  for (const list of rawLists[question] ?? []) {
    for (let page = 1, more = true; more; page += 1) {
      const path = `/zoho-bigin/bigin/v2/${list}&per_page=200&page=${page}`;
      const response = await send(`https://gateway.maton.ai${path}`, {
        headers: { Authorization: "Bearer sandbox" },
      });
      const text = await response.text();
      cost.calls += 1;
      cost.tokens += countTokens(path) + countTokens(text);
      more = text.includes('"more_records":true');
    }
  }
  return cost;
}
