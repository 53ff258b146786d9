/** Behind this the SDK walks through messages by recursion, and answers what is deeper with a 500. */
const deepest = 100;
/** Names, items and the brackets around them: 500 records of 100 fields. A million took the SDK six seconds. */
const mostParts = 110_000;

const [quote, backslash] = codesOf('"\\');
const [braceOpens, bracketOpens, braceCloses, bracketCloses, colon, comma] = codesOf("{[}]:,");

/** What is wrong with the shape of JSON text, told from its bytes: to parse it first would be most of the work. */
export function faultInShape(bytes: Buffer): string | undefined {
  let depth = 0;
  let parts = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case quote:
        at = endOfText(bytes, at);
        break;
      case braceCloses:
      case bracketCloses:
        depth -= 1;
        break;
      case braceOpens:
      case bracketOpens:
        depth += 1;
        parts += 1;
        break;
      case colon:
      case comma:
        parts += 1;
    }
    if (depth > deepest) return `The body is nested more than ${deepest} levels deep.`;
    if (parts > mostParts)
      return `The body has more than ${mostParts} names and items: send less at once.`;
  }
  return undefined;
}

function codesOf(signs: string): number[] {
  return [...signs].map((sign) => sign.charCodeAt(0));
}

/** Where a text that begins here has its other quotation mark. */
function endOfText(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}
