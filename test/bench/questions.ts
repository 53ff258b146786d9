import { pages, where } from "../support/reads.ts";
import { table } from "../support/replies.ts";

/**
 * Eight everyday questions, answered as an agent would: without ids and API names, from what replies say and nothing else.
 * Modules, fields and options go by the labels that the company uses.
 */
type Reply = Readonly<Record<string, unknown>>;
type CallTool = (tool: string, args: Record<string, unknown>) => Promise<Reply>;

/** The labels that a company uses. */
export interface Words {
  deals: string;
  deal: string;
  companies: string;
  company: string;
  companyName: string;
  contacts: string;
  contact: string;
  mail: string;
  closing: string;
  worth: string;
  tasks: string;
  deadline: string;
  done: string;
  /**
   * Stages at which a deal is over, and those at which it is won. Bigin does not mark them (docs/reference/bigin-api.md
   * §2.5), so the questions name them.
   */
  closed: string;
  won: string;
}

export const plainWords: Words = {
  deals: "deals",
  deal: "deal name",
  companies: "companies",
  company: "company name",
  companyName: "company name",
  contacts: "contacts",
  contact: "contact name",
  mail: "email",
  closing: "closing date",
  worth: "amount",
  tasks: "tasks",
  deadline: "due date",
  done: "completed",
  closed: "Closed Won, Closed Lost, Renewed, Churned, Onboarded, Cancelled, Handed Over",
  won: "Closed Won, Renewed, Onboarded, Handed Over",
};

export const renamedWords: Words = {
  deals: "opportunities",
  deal: "opportunity name",
  companies: "clients",
  company: "client",
  companyName: "client name",
  contacts: "people",
  contact: "person",
  mail: "mail address",
  closing: "expected close",
  worth: "worth",
  tasks: "to-dos",
  deadline: "deadline",
  done: "done",
  closed: "Won, Lost, Renewed, Churned, Onboarded, Cancelled, Handed Over",
  won: "Won, Renewed, Onboarded, Handed Over",
};

const texts = (values: readonly unknown[]) => values.map(String).toSorted();

/** All rows of a list or search, as an agent reads them page by page. */
async function allRows(call: CallTool, tool: string, args: Record<string, unknown>) {
  const rows: (readonly unknown[])[] = [];
  for await (const page of pages({ call }, tool, args)) rows.push(...table(page).rows);
  return rows;
}

/** The rows of a summary. */
async function groups(call: CallTool, module: string, args: Record<string, unknown>) {
  return table(await call("bigin_summarize_records", { module, ...args })).rows;
}

const pairs = (rows: readonly (readonly unknown[])[]) => texts(rows.map((row) => row.join(": ")));

export interface Question {
  /** The question. It contains everything that an answer needs and no reply says. */
  asked(words: Words, company: string): string;
  ask(call: CallTool, words: Words, company: string): Promise<string[]>;
}

export const questions: readonly Question[] = [
  {
    asked: ({ deals }) => `Whose ${deals} close this month?`,
    async ask(call, { deals, closing }) {
      const args = { group_by: ["owner"], ...where(closing, "equals", "this month") };
      return pairs(await groups(call, deals, args));
    },
  },
  {
    asked: ({ deals, closed }, company) =>
      `The largest open one of the ${deals} of ${company}, and its contact? Over are those in ${closed}.`,
    async ask(call, { deals, deal, company: field, contact, worth, closed }, company) {
      const filters = [
        { field, op: "equals", value: company },
        { field: "stage", op: "not_in", value: closed },
      ];
      const fields = [deal, worth, contact];
      const args = { module: deals, filters, fields, sort_by: `${worth} desc`, per_page: 1 };
      const { rows } = table(await call("bigin_search_records", args));
      return rows.map((row) => row.slice(1).join(", "));
    },
  },
  {
    asked: ({ contacts, mail }) => `Which ${contacts} have no ${mail}?`,
    async ask(call, { contacts, mail }) {
      const args = { module: contacts, ...where(mail, "is_empty"), fields: ["full name"] };
      return texts((await allRows(call, "bigin_search_records", args)).map((row) => row[1]));
    },
  },
  {
    asked: () => "What is the pipeline worth, by stage?",
    ask: async (call, { deals, worth }) =>
      pairs(await groups(call, deals, { group_by: ["stage"], measure: worth })),
  },
  {
    asked: ({ tasks }) => `Overdue ${tasks}, by owner?`,
    async ask(call, { tasks, deadline, done }) {
      const filters = [
        { field: deadline, op: "less_than", value: "today" },
        { field: "status", op: "not_equal", value: done },
      ];
      return pairs(await groups(call, tasks, { group_by: ["owner"], filters }));
    },
  },
  {
    asked: ({ deals, companies, closed }) =>
      `Which ${companies} have none of the ${deals} open? Over are those in ${closed}.`,
    async ask(call, { deals, companies, company, companyName, closed }) {
      const isOpen = where("stage", "not_in", closed);
      const open = await groups(call, deals, { group_by: [company], ...isOpen });
      const busy = new Set(open.map(([name]) => name));
      const args = { module: companies, fields: [companyName], per_page: 100 };
      const all = await allRows(call, "bigin_list_records", args);
      return texts(all.map((row) => row[1]).filter((name) => !busy.has(name)));
    },
  },
  {
    asked: (_words, company) => `What happened with ${company} in the last 30 days?`,
    async ask(call, { companies, companyName }, company) {
      const find = { ...where(companyName, "equals", company), fields: [companyName] };
      const found = await call("bigin_search_records", { module: companies, ...find });
      const [id] = table(found).rows[0] ?? [];
      const happened: unknown[] = [];
      for (const [module, about, when, title] of [
        ["notes", "parent id", "created time", "note content"],
        ["calls", "related to", "call start time", "subject"],
        ["events", "related to", "from", "title"],
      ] as const) {
        const filters = [
          { field: about, op: "equals", value: id },
          { field: when, op: "between", value: "last 30 days" },
        ];
        const args = { module, filters, fields: [title] };
        const rows = await allRows(call, "bigin_search_records", args);
        happened.push(...rows.map((row) => String(row[1]).replace(/^\[\w+\] | \[\/\w+\]$/g, "")));
      }
      return texts(happened);
    },
  },
  {
    asked: ({ deals, won }) =>
      `Which products were sold in ${deals} that we won? Won are those in ${won}.`,
    async ask(call, { deals, won }) {
      const args = { group_by: ["associated products"], ...where("stage", "in", won) };
      const products = (await groups(call, deals, args)).map(([product]) => product);
      return texts(products.filter((name) => name !== "(none)"));
    },
  },
];
