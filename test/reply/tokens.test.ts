import { createHash } from "node:crypto";
import { countTokens } from "gpt-tokenizer/encoding/o200k_base";
import { expect, test } from "vitest";
import { estimateTokens } from "../../src/reply/tokens.ts";
import { connect } from "../support/connect.ts";

const ratio = (text: string) => estimateTokens(text) / countTokens(text);

test("replies are never estimated noticeably too low, and on average less than a quarter too high", async () => {
  const { call, sandbox } = await connect();
  const [id] = sandbox.store.records("Contacts").keys();
  const module = "contacts";
  const records = Array.from({ length: 300 }, (_, at) => ({ Last_Name: `Probe ${at}` }));
  const stage = { module: "deals", group_by: ["stage", "owner"], measure: "amount" };
  const replies = [
    ...["contacts", "companies", "deals", "products", "tasks", "events", "notes"].map((module) =>
      call.list(module, { per_page: 200 }),
    ),
    call.list(module, { fields: ["id", "phone", "email", "modified time"] }),
    call.get(module, id),
    call.describe(module),
    call("bigin_summarize_records", stage),
    call("bigin_list_users"),
    call.create(module, records, { dry_run: true }),
    call.create(module, records),
  ];
  const texts = (await Promise.all(replies)).map((reply) => JSON.stringify(reply));
  for (const text of texts) expect(ratio(text)).toBeGreaterThanOrEqual(0.97);
  expect(ratio(texts.join("\n"))).toBeLessThanOrEqual(1.25);
});

test.each([
  ["English", "Met at the fair, wants a call back about prices. Margaret Thornbury-Jones"],
  ["German", "Jürgen Müller, Straßenbaugesellschaft mbH & Co. KG, möchte ein Angebot"],
  ["Russian", "Екатерина Щербакова, Жигулёвск, подписала договор на поставку"],
  ["Arabic", "محمد عبد الرحمن الخطيب وقعت الشركة عقدا لتوريد المعدات"],
  ["Hindi", "ज्ञानेश्वर कुलकर्णी ने उपकरणों की आपूर्ति के लिए अनुबंध पर हस्ताक्षर किए"],
  ["Thai", "สมชาย ใจดี บริษัทได้ลงนามในสัญญาจัดหาอุปกรณ์"],
  ["Chinese", "欧阳娜娜 深圳市鑫磊机械有限公司 签署了设备供应合同"],
  ["Japanese", "齋藤隼 株式会社ナカムラ製作所 設備供給の契約を結びました"],
  ["Korean", "황보혜린 주식회사 늘푸른건설 장비 공급 계약을 체결했습니다"],
  ["emoji", "👨‍👩‍👧 🏳️‍🌈 👍🏽 🎉 🥳 ✅ ❤️ 🇩🇪 🚀 💻"],
  ["numbers", "7618134000000632764 +1 860-555-5357 1200.50 2026-03-04 17:00:00"],
  ["base64", createHash("sha512").update("x").digest("base64")],
])("%s is estimated at 0.9 to 2 times what o200k counts", (_name, text) => {
  expect(ratio(text)).toBeGreaterThanOrEqual(0.9);
  expect(ratio(text)).toBeLessThanOrEqual(2);
});
