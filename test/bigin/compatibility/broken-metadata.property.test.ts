import fc from "fast-check";
import { expect, test } from "vitest";
import { contracts } from "../../support/broken.ts";
import { connect } from "../../support/connect.ts";
import { modules, useModule } from "../../support/every-module.ts";
import { where } from "../../support/reads.ts";
import { fewRuns } from "../../support/runs.ts";
import { type Connected, type Reply, record, recordsIn } from "../../support/writes.ts";

/** A question, the same one by an id, and the records that are its answer. */
interface Question {
  module: string;
  field: string;
  name: unknown;
  id?: unknown;
  fits(record: Reply): boolean;
}

function questions({ sandbox }: Connected): Question[] {
  const [user] = sandbox.store.users();
  const { id, Account_Name: company } = record(sandbox, "Accounts");
  const idIn = (value: unknown) => Object(value).id;
  const ofUser = (field: string, name: unknown) => (module: string) => {
    const fits = (one: Reply) => idIn(one[field]) === user?.id;
    return { module, field, name, id: user?.id, fits };
  };
  const ofCompany = (module: string) => {
    const fits = (one: Reply) => idIn(one["Account_Name"]) === id;
    return { module, field: "Account_Name", name: company, id, fits };
  };
  const about = (one: Reply) => idIn(one["What_Id"] ?? one["Related_To"]) === id;
  return [
    ...Object.keys(modules).flatMap((module) => [
      ofUser("Owner", "me")(module),
      ofUser("Created_By", user?.email)(module),
    ]),
    ...["Contacts", "Pipelines"].map(ofCompany),
    ...["Tasks", "Calls"].map((module) => ({ module, field: "What_Id", name: id, fits: about })),
    {
      module: "Pipelines",
      field: "Stage",
      name: "Closed Won",
      fits: (one) => one["Stage"] === "Closed Won",
    },
  ];
}

/** The number of records is right or marked as uncertain; a name that cannot be resolved can be replaced by an id. */
async function ask(connected: Connected, { module, field, name, id, fits }: Question) {
  const { call, sandbox } = connected;
  const truth = recordsIn(sandbox, module).filter(fits).length;
  const search = (value: unknown) =>
    call.search(module, { ...where(field, "equals", value), per_page: 1 });
  const reply = await search(name).catch((error: unknown) => {
    if (id === undefined) throw error;
    return search(id);
  });
  const said = `${module}.${field} ${JSON.stringify(reply)}`;
  if (!JSON.stringify(reply["not_checked"] ?? "").includes("may match"))
    expect(reply["total"], said).toBe(truth);
}

test("whatever is broken in metadata, the seven modules can be read and written, and no reply is wrong", async () => {
  const seeds = fc.record({ contract: fc.constantFrom(...contracts), noise: fc.nat(1_000_000) });
  await fc.assert(
    fc.asyncProperty(seeds, async (organisation) => {
      const connected = await connect(organisation);
      const { call, sandbox } = connected;
      for (const module of Object.keys(modules)) {
        await useModule(connected, module);
        await call.list(module);
        await call.describe(module);
      }
      for (const question of questions(connected)) await ask(connected, question);
      const { id } = record(sandbox, "Accounts");
      for (const related_list of ["contacts", "deals", "tasks", "calls", "notes"])
        await call("bigin_list_related_records", { module: "Accounts", id, related_list });
      await call("bigin_list_modules");
      await call("bigin_list_users");
    }),
    { numRuns: fewRuns },
  );
}, 600_000);
