import * as z from "zod";
import { Failure } from "../shared/failure.ts";

/** Only the id and the status are needed: any other key may be missing or null. */
const optionalText = z.string().optional().catch(undefined);

/** A connection as Maton's control host returns it (docs/reference/maton-gateway.md §3). Unknown keys are dropped. */
const connectionSchema = z.object({
  connection_id: z.string(),
  status: z.string(),
  creation_time: optionalText,
  last_updated_time: optionalText,
  url: optionalText,
  app: optionalText,
  method: optionalText,
  metadata: z.record(z.string(), z.unknown()).optional().catch(undefined),
});
export type Connection = z.infer<typeof connectionSchema>;

/** Keys by which metadata can say whose account it is, the most telling first. */
const accountKeys = [
  /e.?mail/i,
  /^(?:user|account|login|org|company|display|full).*name$/i,
  /^name$/i,
  /^(?:user|account|login)$/i,
];
const longestAccount = 80;

/**
 * Whose account a connection is, as far as its metadata say. Nothing is documented about them
 * (docs/reference/maton-gateway.md §3), so texts are taken by the names of their keys, and links never.
 */
export function accountOf({ metadata = {} }: Pick<Connection, "metadata">): string | undefined {
  const texts = textsIn(metadata);
  const found = accountKeys.flatMap((form) => texts.filter(([key]) => form.test(key)).slice(0, 1));
  const distinct = [...new Set(found.map(([, text]) => text))].slice(0, 2);
  return distinct.length > 0 ? distinct.join(", ") : undefined;
}

/** The short texts of metadata and of the objects in it, by key. */
function textsIn(value: Record<string, unknown>): [key: string, text: string][] {
  const inner = Object.values(value).filter(
    (one) => typeof one === "object" && one !== null && !Array.isArray(one),
  );
  return [value, ...inner].flatMap((object) =>
    Object.entries(object ?? {}).flatMap(([key, text]): [string, string][] =>
      typeof text === "string" && isShortText(text) ? [[key, text.trim()]] : [],
    ),
  );
}

function isShortText(text: string): boolean {
  return text.trim() !== "" && text.length <= longestAccount && !/[\n\r]|:\/\//.test(text);
}

const listSchema = z.object({ connections: z.array(z.unknown()) });
const oneSchema = z.union([
  z.object({ connection: connectionSchema }).transform(({ connection }) => connection),
  connectionSchema,
]);
const newSchema = z.object({
  connection_id: z.string(),
  status: z.string().catch("PENDING"),
  url: optionalText,
});
/**
 * Creating a connection returns one of three shapes, depending on Maton's version: the id alone, nested, or flat with
 * the URL.
 */
const createdSchema = z.union([
  z.object({ connection: newSchema }).transform(({ connection }) => connection),
  newSchema,
]);

/** Reads the connections of a list, and skips entries that cannot be read. Fails if none can be read. */
export function readList(body: unknown, asked: string): Connection[] {
  const { connections } = read(listSchema, body, asked);
  const readable = connections.flatMap((entry) => {
    const parsed = connectionSchema.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });
  if (readable.length === 0 && connections.length > 0) throw malformed(asked);
  return readable;
}

export function readOne(body: unknown, asked: string): Connection {
  return read(oneSchema, body, asked);
}

/** Reads a new connection. It always has its id, and its link only in some shapes. */
export function readCreated(body: unknown, asked: string): Connection {
  const parsed = createdSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw malformed(asked, { mayHaveHappened: true });
}

function read<T>(schema: z.ZodType<T>, body: unknown, asked: string): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw malformed(asked);
}

function malformed(asked: string, more: { mayHaveHappened?: true } = {}): Failure {
  return new Failure({
    origin: "maton",
    kind: "malformed",
    message: "Maton's response does not have the documented shape.",
    asked,
    ...more,
  });
}
