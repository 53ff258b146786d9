import { expect, test } from "vitest";
import packageFile from "../../package.json" with { type: "json" };
import { settingNames } from "../../src/shared/setting-names.ts";
import { run } from "../support/program.ts";

test("--help names every setting, --version the version", async () => {
  const [help, version] = [run(["--help"]), run(["--version"])];
  expect([await help.ended, await version.ended]).toEqual([0, 0]);
  for (const name of settingNames) expect(help.stdout()).toMatch(new RegExp(`\\b${name}\\b`));
  expect(help.stdout()).toMatch(/\bcall\b.*bigin_list_records/s);
  expect(version.stdout()).toBe(`${packageFile.version}\n`);
  expect([help.stderr(), version.stderr()]).toEqual(["", ""]);
});
