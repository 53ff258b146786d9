import type { BiginRecord } from "../bigin/api/records.ts";
import { roomBeside, shortenedToFit, tokensOf } from "./budget.ts";
import type { View } from "./view.ts";

/**
 * Maximum characters of a text. If its field was named, even Bigin's longest text is shown whole
 * (docs/reference/bigin-api.md §2.3).
 */
const longestUnasked = 6000;
const longestInBigin = 100_000;

const cutNote =
  "Texts are cut to fit into the reply. To read on, name one field and give as text_from the number after which it is cut.";

interface RecordReply {
  [part: string]: unknown;
  module: string;
  data?: string;
  record: { id: string } & Record<string, unknown>;
}

/**
 * One record within the reply's budget. If it does not fit, its longest texts and lists are cut. If even its field
 * names do not fit, only the first fields are shown.
 */
export function recordReply(
  module: string,
  record: BiginRecord,
  view: View,
  replyTokens: number,
  textFrom?: number,
): RecordReply {
  const longest = view.named ? longestInBigin : longestUnasked;
  const asked = view.named ? view.fields.filter((field) => field !== view.currency) : [];
  const room = roomBeside([], replyTokens);
  const { shown, fits } = shortenedToFit(
    (limit): RecordReply => ({
      module,
      record: view.renderer.record(record, asked, limit, textFrom),
      ...(limit < longest && { note: cutNote }),
      ...view.renderer.remarks(),
    }),
    longest,
    room,
  );
  return view.renderer.settled(fits ? shown : firstFields(shown, room));
}

function firstFields(reply: RecordReply, room: number): RecordReply {
  const entries = Object.entries(reply.record);
  const left = (count: number) => (count === 1 ? "1 field does" : `${count} fields do`);
  const narrowed = (count: number): RecordReply => ({
    ...reply,
    record: { ...Object.fromEntries(entries.slice(0, count)), id: reply.record.id },
    note: `${left(entries.length - count)} not fit into the reply: name the fields you need.`,
  });
  let count = entries.length - 1;
  while (count > 1 && tokensOf(narrowed(count)) > room) count -= 1;
  return narrowed(count);
}
