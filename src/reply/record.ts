import type { BiginRecord } from "../bigin/api/records.ts";
import { roomBeside, shortenedToFit, tokensOf } from "./budget.ts";
import type { View } from "./view.ts";

/** Characters of a text: most of the largest, and all of it (bigin-api.md §2.3) when its field was named. */
const longestUnasked = 6000;
const longestInBigin = 100_000;

type Shown = { id: string } & Record<string, unknown>;

interface RecordReply {
  [part: string]: unknown;
  module: string;
  record: Shown;
}

/** One record within the reply's budget. Past it its longest texts and lists are cut first, and at worst fields. */
export function recordReply(
  module: string,
  record: BiginRecord,
  view: View,
  replyTokens: number,
): RecordReply {
  const longest = view.named ? longestInBigin : longestUnasked;
  const note = "texts are cut to fit the reply; name one field to read more of it";
  const room = roomBeside([], replyTokens);
  const { shown, fits } = shortenedToFit(
    (limit): RecordReply => ({
      module,
      record: view.renderer.record(record, view.named ? view.fields : [], limit),
      ...(limit < longest && { note }),
      ...view.renderer.remarks(),
    }),
    longest,
    room,
  );
  return fits ? shown : firstFields(shown, room);
}

/** A record of so many fields that even their names are too long. */
function firstFields(reply: RecordReply, room: number): RecordReply {
  const entries = Object.entries(reply.record);
  const narrowed = (count: number): RecordReply => ({
    ...reply,
    record: { ...Object.fromEntries(entries.slice(0, count)), id: reply.record.id },
    note: `${entries.length - count} fields do not fit the reply; name the fields you need`,
  });
  let count = entries.length - 1;
  while (count > 1 && tokensOf(narrowed(count)) > room) count -= 1;
  return narrowed(count);
}
