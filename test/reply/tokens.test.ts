import fc from "fast-check";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { estimateTokens } from "../../src/reply/tokens.ts";
import { connect } from "../support/connect.ts";

const between = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, at) => String.fromCodePoint(first + at)).filter(
    (sign) => /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(sign),
  );
const lower = between(0x61, 0x7a);
const upper = between(0x41, 0x5a);
const digits = between(0x30, 0x39);

/** Signs a text may be made of, from whole alphabets, in every order: nobody's language, and the dearest case. */
const alphabets: Readonly<Record<string, readonly string[]>> = {
  "lower case": lower,
  "upper case": upper,
  "both cases": [...lower, ...upper],
  consonants: [..."bcdfghjklmnpqrstvwxz"],
  vowels: [..."aeiouy"],
  base64: [...lower, ...upper, ...digits, "+", "/"],
  base64url: [...lower, ...upper, ...digits, "-", "_"],
  hexadecimal: [...digits, ..."abcdef"],
  "licence keys": [...upper, ...digits],
  digits,
  "all of ASCII": between(0x21, 0x7e),
  "ASCII signs": [...between(0x21, 0x2f), ...between(0x3a, 0x40), ...between(0x5b, 0x60)],
  "Latin with marks": between(0xc0, 0xff),
  "more Latin": between(0x100, 0x17f),
  "rare Latin": between(0x180, 0x24f),
  Vietnamese: between(0x1ea0, 0x1ef9),
  "sounds of speech": between(0x250, 0x2af),
  Greek: between(0x3b1, 0x3c9),
  "Greek capitals": between(0x391, 0x3a9),
  "old Greek": between(0x1f00, 0x1f7d),
  Cyrillic: between(0x430, 0x44f),
  "Cyrillic capitals": between(0x410, 0x42f),
  "rare Cyrillic": between(0x460, 0x52f),
  Armenian: between(0x561, 0x586),
  Georgian: between(0x10d0, 0x10fa),
  "Georgian capitals": between(0x1c90, 0x1cba),
  Hebrew: between(0x5d0, 0x5ea),
  Arabic: between(0x621, 0x64a),
  Urdu: between(0x671, 0x6d3),
  Syriac: between(0x710, 0x72f),
  Devanagari: between(0x905, 0x94d),
  Bengali: between(0x985, 0x9cd),
  Tamil: between(0xb85, 0xbcd),
  Telugu: between(0xc05, 0xc4d),
  Malayalam: between(0xd05, 0xd4d),
  Sinhala: between(0xd85, 0xdd6),
  Thai: between(0xe01, 0xe3a),
  Lao: between(0xe81, 0xec4),
  Tibetan: between(0xf40, 0xfbc),
  Burmese: between(0x1000, 0x1049),
  Khmer: between(0x1780, 0x17d3),
  Ethiopic: between(0x1200, 0x135a),
  Cherokee: between(0x13a0, 0x13f4),
  Mongolian: between(0x1820, 0x1878),
  Hiragana: between(0x3041, 0x3096),
  Katakana: between(0x30a1, 0x30fa),
  "Chinese signs": between(0x4e00, 0x9fff),
  "rare Chinese signs": between(0x3400, 0x4dbf),
  "rarer Chinese signs": between(0x20000, 0x2a6df),
  "Korean syllables": between(0xac00, 0xd7a3),
  "Korean letters": between(0x1100, 0x11ff),
  "full width": between(0xff01, 0xff5e),
  "mathematical letters": between(0x1d400, 0x1d6a3),
  "mathematical digits": between(0x1d7ce, 0x1d7ff),
  emoji: between(0x1f300, 0x1f64f),
  "newer emoji": between(0x1f900, 0x1f9ff),
  "emoji sequences": [
    "👨",
    "👩🏽",
    "👧🏿",
    "👍🏽",
    "🏳",
    "🌈",
    "🇩🇪",
    "🇺🇸",
    "🧑🏾",
    "💻",
    "🥳",
    "🦄",
    "❤",
    "✅",
  ],
  flags: between(0x1f1e6, 0x1f1ff),
  symbols: between(0x2600, 0x27bf),
  arrows: between(0x2190, 0x22ff),
  Braille: between(0x2801, 0x28ff),
  runes: between(0x16a0, 0x16ea),
  hieroglyphs: between(0x13000, 0x1342e),
  cuneiform: between(0x12000, 0x12399),
  "Arabic digits": between(0x660, 0x669),
};

/** Eighty words of three to twelve signs. Not fast-check's own lists: it likes to repeat, and no text does. */
function wordsOf(alphabet: readonly string[], seed: number): string[] {
  let state = seed >>> 0;
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return Array.from({ length: 80 }, () =>
    Array.from({ length: 3 + below(10) }, () => alphabet[below(alphabet.length)]).join(""),
  );
}

test.each(Object.entries(alphabets))(
  "the estimate is never more than a twentieth under what o200k counts: %s",
  (_name, alphabet) => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom("", " ", '","'), (seed, between) => {
        const text = wordsOf(alphabet, seed).join(between);
        expect(estimateTokens(text)).toBeGreaterThanOrEqual(countTokens(text) * 0.95);
      }),
      { numRuns: 30 },
    );
  },
);

const texts: Readonly<Record<string, string>> = {
  Chinese:
    "公司在北京与客户进行了长时间的谈判之后签署了设备供应合同，并要求在周末之前寄送发票。王小明",
  Japanese:
    "会社は東京で顧客との長い交渉の末に設備供給の契約を結び、週末までに請求書を送るよう依頼しました。",
  Korean:
    "회사는 서울에서 고객과 오랜 협상 끝에 장비 공급 계약을 체결하고 주말까지 송장을 보내 달라고 요청했습니다",
  Russian:
    "Компания подписала договор на поставку оборудования после длительных переговоров с клиентом",
  Polish: "Firma podpisała umowę na dostawę sprzętu po długich negocjacjach z klientem w Warszawie",
  Swahili:
    "Kampuni ilisaini mkataba wa kusambaza vifaa baada ya mazungumzo marefu na mteja jijini Nairobi",
  Welsh:
    "Llofnododd y cwmni gontract ar gyfer cyflenwi offer ar ôl trafodaethau hir gyda'r cleient",
  Finnish:
    "Yhtiö allekirjoitti sopimuksen laitteiden toimittamisesta pitkien neuvottelujen jälkeen",
  shouting: "THE COMPANY SIGNED A CONTRACT FOR THE SUPPLY OF EQUIPMENT AFTER LENGTHY NEGOTIATIONS",
  program:
    "const getHTTPResponse = async (fooBarBaz) => { return await fetch(`$base/v2/x_y?q=$id`); }",
  phones: "+1 860-555-5357, +49 (0) 89 1234 5678, +44 20 7946 0018, 617.555.0100 ext. 12",
};

test.each(Object.entries(texts))("nor for people's own words: %s", (_name, text) => {
  const long = [text, text, text].join(" ");
  expect(estimateTokens(long)).toBeGreaterThanOrEqual(countTokens(long) * 0.95);
});

test.each(["Chinese", "Japanese", "Korean"])("%s is not counted twice over", (name) => {
  const text = texts[name] ?? "";
  expect(estimateTokens(text)).toBeLessThanOrEqual(countTokens(text) * 1.8);
});

test("rows of English records are counted at most an eighth too high", async () => {
  const { call } = await connect();
  const modules = ["contacts", "companies", "deals", "products", "tasks", "events", "notes"];
  const replies = await Promise.all(
    modules.map((module) => call("bigin_list_records", { module, per_page: 30 })),
  );
  const texts = replies.map(({ rows }) => JSON.stringify(rows));
  const sum = (count: (text: string) => number) =>
    texts.reduce((total, text) => total + count(text), 0);
  expect(sum(estimateTokens)).toBeGreaterThanOrEqual(sum(countTokens));
  expect(sum(estimateTokens)).toBeLessThanOrEqual(sum(countTokens) * 1.12);
});
