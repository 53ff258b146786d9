/** An exact decimal number: `digits` divided by 10 to the power of `scale`, which is at least 0. */
export interface Decimal {
  digits: bigint;
  scale: number;
}

/** More digits than any amount has, or any number of JavaScript: longer texts could take long to calculate with. */
const mostDigits = 400;
/** Digits behind the point that a quotient gets in addition. Dividing by up to 10,000 needs 14 to be exact. */
const extraDigits = 40;

export const zero: Decimal = { digits: 0n, scale: 0 };

/** The number in a value, which may be a text; undefined for anything else. */
export function decimalIn(value: unknown): Decimal | undefined {
  const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
  const parts = /^([+-]?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  if (!parts || text.length > mostDigits) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = parts;
  if (Math.abs(Number(exponent)) > mostDigits) return undefined;
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(`${sign}${whole}${fraction}`);
  return { digits: digits * powerOfTen(-scale), scale: Math.max(0, scale) };
}

/** 10 to this power, or 1 if it is negative. */
function powerOfTen(power: number): bigint {
  return 10n ** BigInt(Math.max(0, power));
}

export function sumOf(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { digits: digitsAt(a, scale) + digitsAt(b, scale), scale };
}

/** Negative if `a` is less than `b`, 0 if they are equal. For sorting. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const scale = Math.max(a.scale, b.scale);
  const [left, right] = [digitsAt(a, scale), digitsAt(b, scale)];
  return left < right ? -1 : Number(left > right);
}

function digitsAt({ digits, scale }: Decimal, wanted: number): bigint {
  return digits * powerOfTen(wanted - scale);
}

/** The quotient as JSON shows it: exact if its digits end, else the nearest number. */
export function shownQuotient({ digits, scale }: Decimal, divisor: number): number | string {
  const dividend = digits * powerOfTen(extraDigits);
  const quotient = { digits: dividend / BigInt(divisor), scale: scale + extraDigits };
  const isExact = dividend % BigInt(divisor) === 0n;
  return isExact ? shownDecimal(quotient) : Number(textOfDecimal(quotient));
}

/** The number as JSON shows it without rounding: a number, or a text of its digits if a number would lose some. */
export function shownDecimal(decimal: Decimal): number | string {
  const text = textOfDecimal(decimal);
  const number = Number(text);
  const read = decimalIn(number);
  return read && compareDecimals(read, decimal) === 0 ? number : text;
}

/** All digits, without an exponent and without zeros at the end. */
export function textOfDecimal({ digits, scale }: Decimal): string {
  const sign = digits < 0n ? "-" : "";
  const all = String(digits < 0n ? -digits : digits).padStart(scale + 1, "0");
  const at = all.length - scale;
  const fraction = all.slice(at).replace(/0+$/, "");
  return `${sign}${all.slice(0, at)}${fraction && `.${fraction}`}`;
}
