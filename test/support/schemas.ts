import { countTokens } from "gpt-tokenizer/encoding/o200k_base";

/** A JSON Schema, or a part of one. */
export type Node = Readonly<Record<string, unknown>>;

/** An argument of a tool; `filters[].field` for one of the objects in a list. */
interface Argument {
  path: string;
  schema: Node;
  required: boolean;
}

/** A schema and all the schemas in it. */
export function nodesIn(schema: Node): Node[] {
  const parts = propertiesOf(schema).map(([, part]) => part);
  const { items } = schema;
  return [schema, ...(isNode(items) ? [...parts, items] : parts).flatMap(nodesIn)];
}

/** The arguments of an input schema, each followed by those of the objects in its list. */
export function argumentsIn(schema: Node, prefix = ""): Argument[] {
  const { required } = schema;
  return propertiesOf(schema).flatMap(([name, part]) => {
    const path = `${prefix}${name}`;
    const { items } = part;
    const own = {
      path,
      schema: part,
      required: Array.isArray(required) && required.includes(name),
    };
    return [own, ...(isNode(items) ? argumentsIn(items, `${path}[].`) : [])];
  });
}

/** What a tool takes of an agent's context: o200k tokens of its name, description and input schema. */
export function tokensOf(tool: { name: string; description: string; inputSchema: Node }): number {
  const { name, description, inputSchema } = tool;
  return countTokens(JSON.stringify({ name, description, inputSchema }));
}

function propertiesOf({ properties }: Node): [name: string, schema: Node][] {
  const entries = isNode(properties) ? Object.entries(properties) : [];
  return entries.flatMap(([name, part]): [string, Node][] => (isNode(part) ? [[name, part]] : []));
}

/** True for a schema; the value of a keyword may also be a list or a scalar. */
export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
