import { isInteger, isSafeNumber, parse } from "lossless-json";

/** Only text with such a run of digits outside quotes can hold a number that JSON.parse would round. */
const longNumber = /(?<!["\d])\d{16,}/;

/**
 * Parses upstream JSON so that no id is ever rounded: a whole number beyond 2^53 becomes a string of
 * its digits. Zoho's ids have 19 digits. Throws SyntaxError on anything that is not JSON.
 */
export function parseJson(text: string): unknown {
  if (!longNumber.test(text)) return JSON.parse(text);
  return parse(text, undefined, {
    parseNumber: (digits) => (isInteger(digits) && !isSafeNumber(digits) ? digits : Number(digits)),
  });
}
