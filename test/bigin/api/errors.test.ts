import { expect, test } from "vitest";
import { connect } from "../../support/connect.ts";
import { results } from "../../support/replies.ts";
import { record, status, withEmail } from "../../support/writes.ts";

const zoho = (code: string, details: object, message = "limit") => ({
  code,
  message,
  details,
  status: "error",
});

test.each([
  ["the code alone", zoho("LIMIT_EXCEEDED", {}), "API credits"],
  [
    "words about credits",
    zoho("LIMIT_EXCEEDED", { limit: 1 }, "API credits used up"),
    "API credits",
  ],
  [
    "the name of a parameter",
    zoho("LIMIT_EXCEEDED", { param_name: "fields" }),
    "Correct the arguments",
  ],
])("LIMIT_EXCEEDED on a read with %s is understood by its body", async (_, body, advice) => {
  const { fail, sandbox } = await connect();
  sandbox.addFault({ method: "GET", path: /\/Contacts$/, times: 9, does: status(400, body) });
  expect(await fail.list("Contacts")).toContain(advice);
});

test("a duplicate names the existing record and the call that changes it, in both forms", async () => {
  for (const contract of ["documented", "engine"] as const) {
    const { call, sandbox } = await connect({ contract });
    const { id, Email } = withEmail(sandbox);
    const rows = [{ Last_Name: "Twin", Email }, { Last_Name: "Other" }];
    const [twin] = results(await call.create("Contacts", rows));
    expect(twin).toMatchObject({ outcome: "failed", existing: [id] });
    expect(twin?.["problem"]).toMatch(new RegExp(`Record ${id}( of Contacts)? has this value`));
    expect(twin?.["problem"]).toContain("bigin_update_records");
  }
});

test("thirty calls at once succeed where Bigin serves three requests at the same time", async () => {
  const { call, sandbox } = await connect({ atOnce: 3 });
  const { id } = record(sandbox, "Contacts");
  const replies = await Promise.all(Array.from({ length: 30 }, () => call.get("Contacts", id)));
  expect(replies).toHaveLength(30);
});

test.each([401, 403])(
  "a code of Zoho's that we do not know, with HTTP %i, is about a right and not about the key",
  async (code) => {
    const { fail, sandbox } = await connect();
    const body = zoho("NEW_KIND_OF_REFUSAL", {});
    sandbox.addFault({ method: "GET", path: /\/Contacts$/, times: 9, does: status(code, body) });
    const told = await fail.list("Contacts");
    expect(told).toContain("NEW_KIND_OF_REFUSAL");
    expect(told).toContain("administrator");
    expect(told).not.toContain("MATON_API_KEY");
  },
);

test.each(["constructor", "toString", "hasOwnProperty", "__proto__"])(
  "a module called %s is Bigin's to refuse, also without metadata",
  async (module) => {
    const refused = ["/settings/modules", "/settings/fields"].map((path) => ({
      path,
      status: 403 as const,
    }));
    const { fail } = await connect({ refused });
    for (const told of [await fail.list(module), await fail.create(module, [{ Name: "x" }])])
      expect(told).not.toContain("unexpected error");
  },
);
