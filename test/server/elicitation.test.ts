import { expect, test } from "vitest";
import { connect } from "../support/connect.ts";
import { byHand, told } from "../support/people.ts";

const accept = { inputResponses: { answer: { action: "accept" } } };
const add = "bigin_create_records";
const one = { module: "Contacts", records: [{ Last_Name: "Answer" }] };

/** A server that asks before every write, and a client of 2026-07-28 that may send anything. */
async function scene() {
  const connected = await connect({ confirm: "writes" });
  const call = byHand(connected.makeServer);
  const writes = () =>
    connected.sent.filter(
      ({ method, url }) => method !== "GET" && !url.pathname.endsWith("/connections"),
    ).length;
  const asked = await call(add, one);
  expect(asked).toMatchObject({
    resultType: "input_required",
    inputRequests: { answer: { method: "elicitation/create" } },
  });
  return { ...connected, call, asked, requestState: asked.requestState, writes };
}

test("a yes carries its own call out, once, however often and at once it comes", async () => {
  const { call, requestState, writes } = await scene();
  const answers = await Promise.all(
    [1, 2, 3].map(() => call(add, one, { requestState, ...accept })),
  );
  expect(answers.filter(({ isError }) => !isError)).toHaveLength(1);
  expect(told(await call(add, one, { requestState, ...accept })).told).toContain("used already");
  expect(writes()).toBe(1);
});

test("a yes without our state is no answer: the person is asked", async () => {
  const { call, writes } = await scene();
  expect(await call(add, one, accept)).toMatchObject({ resultType: "input_required" });
  for (const requestState of [7, null, {}])
    expect(await call(add, one, { ...accept, requestState })).toBeUndefined();
  expect(writes()).toBe(0);
});

test("a yes with a state that is not ours, or for something else, writes nothing and spends nothing", async () => {
  const { call, as, requestState, writes, fail } = await scene();
  const another = byHand((await as("another-key")).makeServer);
  const foreign = (await another(add, one)).requestState;
  const upsert = await call("bigin_upsert_records", one);
  const wrong = [
    "",
    "x",
    foreign,
    upsert.requestState,
    `${requestState}x`,
    requestState.replace(/^./, (first) => (first === "A" ? "B" : "A")),
  ];
  for (const state of wrong) {
    const result = await call(add, one, { requestState: state, ...accept });
    expect(told(result).told, state).toContain("Nothing was sent");
  }
  for (const args of [
    { ...one, records: [{ Last_Name: "Other" }] },
    { ...one, trigger: [] },
  ])
    expect(told(await call(add, args, { requestState, ...accept })).told).toContain("was changed");
  expect(told(await another(add, one, { requestState, ...accept })).told).toContain(
    "no open question",
  );
  expect(writes()).toBe(0);
  expect(await fail(add, { ...one, confirm_token: requestState })).toContain("does not fit");
  expect(told(await call(add, one, { requestState, ...accept })).reply).toMatchObject({ done: 1 });
});

test("a confirm_token is not a person's yes", async () => {
  const { call, makeServer, writes } = await scene();
  const { reply } = told(await byHand(makeServer, "nothing")(add, one));
  const requestState = String(reply["confirm_token"]);
  expect(told(await call(add, one, { requestState, ...accept })).told).toContain(
    "Nothing was sent",
  );
  expect(writes()).toBe(0);
});

test.each([
  ["none", {}],
  ["of another name", { other: { action: "accept" } }],
  ["of another shape", { answer: { action: "yes" } }],
  ["without an action", { answer: { content: {} } }],
  ["wrapped", { answer: { method: "elicitation/create", result: { action: "accept" } } }],
])(
  "an answer that is %s counts as none: the token, and the state is spent",
  async (_name, inputResponses) => {
    const { call, requestState, writes } = await scene();
    const { reply } = told(await call(add, one, { requestState, inputResponses }));
    expect(reply).toMatchObject({ status: "confirmation_required" });
    expect(told(await call(add, one, { requestState, ...accept })).told).toContain(
      "Nothing was sent",
    );
    expect(writes()).toBe(0);
  },
);

test("after a no the same state cannot bring a yes", async () => {
  const { call, requestState, writes } = await scene();
  const decline = { inputResponses: { answer: { action: "decline" } } };
  expect(told(await call(add, one, { requestState, ...decline })).told).toContain("declined");
  expect(told(await call(add, one, { requestState, ...accept })).told).toContain(
    "Nothing was sent",
  );
  expect(writes()).toBe(0);
});

test("a dry run sends nothing, whatever answer it brings", async () => {
  const { call, requestState, writes } = await scene();
  const dry = await call(add, { ...one, dry_run: true }, { requestState, ...accept });
  expect(told(dry).reply).toMatchObject({ status: "dry_run" });
  expect(writes()).toBe(0);
});

test("a yes with an idempotency key, sent again, brings the first result", async () => {
  const { call, writes } = await scene();
  const args = { ...one, idempotency_key: "k1" };
  const { requestState } = await call(add, args);
  const first = told(await call(add, args, { requestState, ...accept })).reply;
  const again = told(await call(add, args, { requestState, ...accept })).reply;
  expect(again["results"]).toEqual(first["results"]);
  expect(writes()).toBe(1);
});
