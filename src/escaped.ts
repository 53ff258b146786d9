/** How often something may have been escaped: a percent sign may be escaped itself. */
const rounds = 3;

const escapes =
  /%([\da-f]{2})|\\u\{?([\da-f]{4})\}?|\\?x([\da-f]{2})|&#x([\da-f]{1,6});?|&#(\d{1,7});?|=([\da-f]{2})|(&amp;)|(\\[nrtfbv])/gi;

/** What an escape stands for; "" for a line break, and for what no text can hold. */
function unescaped([, ...groups]: readonly (string | undefined)[]): string {
  const [percent, unicode, hex, entityHex, entity, printable, amp] = groups;
  if (amp) return "&";
  const code = entity
    ? Number(entity)
    : Number.parseInt(percent ?? unicode ?? hex ?? entityHex ?? printable ?? "0", 16);
  return code > 0 && code < 0x1_0000 ? String.fromCharCode(code) : "";
}

/** The text as it stands, and then as often as something escaped is left in it, with that read. */
export function readingsOf(text: string): string[] {
  const readings = [text];
  for (let left = text; readings.length <= rounds; ) {
    const read = left.replace(escapes, (...groups) => unescaped(groups.slice(0, 9)));
    if (read === left) break;
    readings.push(read);
    left = read;
  }
  return readings;
}

/** A character of a reading, and which piece of the original it was read from. */
export interface Sign {
  sign: string;
  from: number;
  to: number;
}

/** The same readings, sign by sign: slow, and so only for texts of which something is to be cut out. */
export function signsOf(text: string): Sign[][] {
  let signs: Sign[] = text.split("").map((sign, at) => ({ sign, from: at, to: at + 1 }));
  const all = [signs];
  while (all.length <= rounds) {
    const read = readOnce(signs);
    if (read === undefined) break;
    all.push(read);
    signs = read;
  }
  return all;
}

/** Undefined where nothing escaped is left. */
function readOnce(signs: readonly Sign[]): Sign[] | undefined {
  const text = textOf(signs);
  const parts: Sign[][] = [];
  let done = 0;
  for (const match of text.matchAll(escapes)) {
    const end = match.index + match[0].length;
    parts.push(signs.slice(done, match.index));
    const [first, last] = [signs[match.index], signs[end - 1]];
    const sign = unescaped(match);
    if (sign && first && last) parts.push([{ sign, from: first.from, to: last.to }]);
    done = end;
  }
  return done === 0 ? undefined : [...parts, signs.slice(done)].flat();
}

export function textOf(signs: readonly Sign[]): string {
  return signs.map(({ sign }) => sign).join("");
}

/** A piece of a text, from one place to before another. */
export type Span = readonly [from: number, to: number];

/** The text with something else in the place of these pieces, which may overlap. */
export function cutOut(text: string, spans: readonly Span[], instead: string): string {
  let out = "";
  let done = 0;
  for (const [from, to] of spans.toSorted(([a], [b]) => a - b)) {
    if (from >= done) out += `${text.slice(done, from)}${instead}`;
    done = Math.max(done, to);
  }
  return out + text.slice(done);
}
