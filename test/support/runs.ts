/** Runs of a property that makes many calls: more where `BIGIN_TEST_RUNS` asks for them. */
export const fewRuns = Number(process.env["BIGIN_TEST_RUNS"] ?? 8);
