import costs from "./tool-costs.json" with { type: "json" };

const known: Readonly<Record<string, number>> = costs;

/**
 * Prints the offered tools and how many tokens of an agent's context each takes (o200k; name, description and input
 * schema).
 */
export function showTools(
  tools: readonly { name: string; title: string }[],
  print: (line: string) => void,
): void {
  for (const { name, title } of tools)
    print(`${String(known[name] ?? "?").padStart(5)}  ${name.padEnd(28)}  ${title}`);
  const total = tools.reduce((sum, { name }) => sum + (known[name] ?? 0), 0);
  print(`${String(total).padStart(5)}  in ${tools.length} tools`);
}
