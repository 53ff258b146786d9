import * as z from "zod";
import { Failure } from "../shared/failure.ts";

/** Nothing but the id and the status is needed: what Maton leaves out, or sends as null, is absent. */
const text = z.string().optional().catch(undefined);

/** A connection as Maton's control host shows it (maton-gateway.md §3). Unknown keys are left out. */
const connectionSchema = z.object({
  connection_id: z.string(),
  status: z.string(),
  creation_time: text,
  last_updated_time: text,
  url: text,
  app: text,
  method: text,
  metadata: z.record(z.string(), z.unknown()).optional().catch(undefined),
});
export type Connection = z.infer<typeof connectionSchema>;

const listSchema = z.object({ connections: z.array(z.unknown()) });
const oneSchema = z.union([
  z.object({ connection: connectionSchema }).transform(({ connection }) => connection),
  connectionSchema,
]);
const newSchema = z.object({
  connection_id: z.string(),
  status: z.string().catch("PENDING"),
  url: text,
});
/** Creating answers in three shapes, depending on Maton's age: flat id, nested, flat with the URL on top. */
const createdSchema = z.union([
  z.object({ connection: newSchema }).transform(({ connection }) => connection),
  newSchema,
]);

/** Those of a list that can be read; one that cannot hides no other. */
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

/** What creating answers of the new connection: always its id, sometimes its link. */
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
    message: "Maton's answer does not have the documented shape.",
    asked,
    ...more,
  });
}
