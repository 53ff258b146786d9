import { connect } from "../support/connect.ts";
import { tokensOf } from "../support/schemas.ts";
import { askAll, tokensPerDeal } from "./ask.ts";

// npm run bench:tokens: what the catalogue, replies and eight everyday questions cost an agent, in o200k tokens. Exits with 1 if
// an answer is wrong or a target is missed. The figures of peers are from November 2026.

const print = (line = "") => process.stdout.write(`${line}\n`);
const row = (name: string, ...cells: unknown[]) =>
  print(`${name.padEnd(76)}${cells.map((cell) => String(cell).padStart(12)).join("")}`);
const cut = (text: string) => (text.length > 72 ? `${text.slice(0, 71)}…` : text);
const missed: string[] = [];
const bar = (name: string, value: number, limit: number) => {
  if (value > limit) missed.push(`${name}: ${value} is over ${limit}`);
};

const { client } = await connect();
const { tools } = await client.listTools();
const catalogue = tools.reduce(
  (sum, tool) => sum + tokensOf({ ...tool, description: tool.description ?? "" }),
  0,
);
bar("catalogue", catalogue, 4600);
row("The catalogue", "tools", "tokens");
row("bigin-mcp", tools.length, catalogue);
for (const [peer, count, tokens] of [
  ["Airtable", 16, 2531],
  ["HubSpot", 21, 8433],
  ["GitHub, default toolsets", 43, 9903],
  ["Attio", 43, 12_895],
] as const)
  row(peer, count, tokens);

const perDeal = await tokensPerDeal();
bar("a deal in a list of 50", perDeal, 45);
print();
row("A record in a list", "", "tokens");
row("bigin-mcp: a deal, id and seven fields", "", perDeal.toFixed(1));
row("HubSpot: six properties", "", 165);
row("Attio: four attributes", "", 376);

for (const options of [{ seed: 1 }, { seed: 2, renamed: true }]) {
  print();
  const answered = await askAll(options);
  row(
    `Eight questions, seed ${options.seed}${options.renamed ? ", renamed labels" : ""}`,
    "calls",
    "tokens",
    "raw calls",
    "raw tokens",
  );
  for (const { name, right, answer, truth, ours, raw } of answered) {
    row(`${right ? " " : "✗"} ${cut(name)}`, ours.calls, ours.tokens, raw.calls, raw.tokens);
    if (!right)
      missed.push(
        `${name}\n  answered ${JSON.stringify(answer)}\n  but it is ${JSON.stringify(truth)}`,
      );
  }
  const sum = (pick: (one: (typeof answered)[number]) => number) =>
    answered.reduce((total, one) => total + pick(one), 0);
  const tokens = sum((one) => one.ours.tokens);
  row(
    "  together",
    sum((one) => one.ours.calls),
    tokens,
    sum((one) => one.raw.calls),
    sum((one) => one.raw.tokens),
  );
  bar("eight questions", tokens, 6000);
}

for (const line of missed) print(`\nMissed: ${line}`);
process.exitCode = missed.length > 0 ? 1 : 0;
