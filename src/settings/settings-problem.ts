/** What is wrong with the settings, one line per fault; or what `--help` and `--version` print. */
export class SettingsProblem extends Error {
  override name = "SettingsProblem" as const;
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
