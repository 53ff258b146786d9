import { chunksOf } from "../api/chunks-of.ts";
import { inTurn } from "../api/in-turn.ts";
import type { BiginRecord } from "../api/records.ts";
import type { Field } from "../schema/fields.ts";
import type { Understanding } from "../understanding.ts";

/** As many conditions as one search takes (bigin-api.md §3). */
const valuesInSearch = 10;

/** The records of a module whose field equals one of the texts, ten texts a search; of the field only, with their ids. */
export async function recordsWith(
  understand: Pick<Understanding, "find">,
  module: string,
  field: Field,
  texts: readonly string[],
): Promise<BiginRecord[]> {
  const answers = await inTurn(chunksOf(texts, valuesInSearch), (some) =>
    understand.find({
      module,
      fields: [field.apiName],
      tree: {
        some: some.map((text) => ({ field, op: "equals", operands: [{ kind: "text", text }] })),
      },
    }),
  );
  return answers.flatMap(({ records }) => records);
}
