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
    const read = readText(left);
    if (read === left) break;
    readings.push(read);
    left = read;
  }
  return readings;
}

/** `replace` with a function takes three times as long: a text of megabytes may hold nothing but escapes. */
function readText(text: string): string {
  let read = "";
  let done = 0;
  for (const match of text.matchAll(escapes)) {
    read += text.slice(done, match.index) + unescaped(match);
    done = match.index + match[0].length;
  }
  return read + text.slice(done);
}

/** A reading, and for each of its characters the piece of the original that it was read from. */
export interface Placed {
  text: string;
  from: Uint32Array;
  to: Uint32Array;
}

/** The same readings with their places, for texts of which something is to be cut out. */
export function placedReadingsOf(text: string): Placed[] {
  const from = new Uint32Array(text.length).map((_, at) => at);
  const readings: Placed[] = [];
  let next: Placed | undefined = { text, from, to: from.map((at) => at + 1) };
  while (next && readings.length <= rounds) {
    readings.push(next);
    next = readPlaced(next);
  }
  return readings;
}

/** Undefined where nothing escaped is left. */
function readPlaced(given: Placed): Placed | undefined {
  const from = new Uint32Array(given.text.length);
  const to = new Uint32Array(given.text.length);
  let text = "";
  let done = 0;
  const takeOver = (end: number) => {
    from.set(given.from.subarray(done, end), text.length);
    to.set(given.to.subarray(done, end), text.length);
    text += given.text.slice(done, end);
  };
  for (const match of given.text.matchAll(escapes)) {
    takeOver(match.index);
    done = match.index + match[0].length;
    const sign = unescaped(match);
    if (sign) {
      [from[text.length], to[text.length]] = originOf(given, match.index, done);
      text += sign;
    }
  }
  if (done === 0) return undefined;
  takeOver(given.text.length);
  return { text, from: from.subarray(0, text.length), to: to.subarray(0, text.length) };
}

/** What a piece of a reading, which is not empty, was read from. */
export function originOf({ from, to }: Placed, start: number, end: number): Span {
  return [from[start] ?? 0, to[end - 1] ?? 0];
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
