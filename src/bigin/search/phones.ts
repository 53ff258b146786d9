import { recordsPerPhoneSearch } from "../limits.ts";
import { isPhone } from "../values.ts";
import { conditionsOf, type Tree } from "./filters.ts";
import type { ValueSelector } from "./recently-written.ts";

/** The phone number in a selector; a word can be one too. */
export function phoneIn(selector: ValueSelector | undefined): string | undefined {
  if (!selector || "email" in selector) return undefined;
  if ("phone" in selector) return selector.phone;
  return isPhone(selector.word) ? selector.word : undefined;
}

/** The query with room to read all records if it compares phone numbers. */
export function withRoomForPhones<
  Q extends {
    tree?: Tree | undefined;
    selector?: ValueSelector | undefined;
    readAtMost: number;
  },
>(query: Q): Q {
  const operands = query.tree ? conditionsOf(query.tree).flatMap((one) => one.operands) : [];
  const isByPhone =
    phoneIn(query.selector) !== undefined || operands.some(({ kind }) => kind === "phone");
  if (!isByPhone) return query;
  return { ...query, readAtMost: Math.max(query.readAtMost, recordsPerPhoneSearch) };
}
