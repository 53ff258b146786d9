import { expect, test, vi } from "vitest";
import { confirmSettings } from "../../src/tool/confirm.ts";
import { tools } from "../../tools/index.ts";
import {
  type Action,
  type Answerer,
  clientOver,
  deferred,
  eras,
  everyWay,
  inMemoryWays,
  newestWays,
  noUser,
  userWho,
} from "../support/clients.ts";
import { connect } from "../support/connect.ts";
import { everyToolset, filled, idsIn, makeWrite, needsWrite } from "../support/examples.ts";
import { fakeTimers } from "../support/simulated-time.ts";

type Connected = Awaited<ReturnType<typeof connect>>;
type Sandbox = Connected["sandbox"];
const contacts = (sandbox: Sandbox) => sandbox.store.records("Contacts");
const idsOf = (sandbox: Sandbox, count: number) => [...contacts(sandbox).keys()].slice(0, count);

/** A server that asks for confirmations, a contact to delete, and the writes that reach Bigin. */
async function scene(confirm: "destructive" | "writes" = "destructive") {
  const connected = await connect({ confirm });
  const [id = ""] = idsOf(connected.sandbox, 1);
  return {
    ...connected,
    id,
    remove: { module: "Contacts", ids: [id] },
    isThere: () => contacts(connected.sandbox).has(id),
    writes: () =>
      connected.sent.filter(
        ({ method, url }) => method !== "GET" && url.pathname.startsWith("/zoho-bigin"),
      ),
  };
}

/** Cancels the first question. The client of SDK 1 does not notice if the server withdraws it, because its id is 0. */
function fromSecondQuestion(user: Answerer): Answerer {
  let asked = 0;
  return (...about) => {
    asked += 1;
    return asked === 1 ? "cancel" : user(...about);
  };
}

test.each(everyWay)("%s: after the user accepts, the write is carried out once", async (way) => {
  const { makeServer, remove, isThere, writes, id, sandbox } = await scene();
  const { user, questions } = userWho("accept");
  const name = contacts(sandbox).get(id)?.["Full_Name"];
  const { call } = await clientOver(way, makeServer, { declares: "both", user });
  expect(await call("bigin_delete_records", remove)).toMatchObject({
    reply: { done: 1 },
    error: "",
  });
  expect(isThere()).toBe(false);
  expect(writes()).toHaveLength(1);
  expect(questions).toHaveLength(1);
  expect(questions[0]?.message).toContain(`Delete 1 record of Contacts: ${name}`);
});

test.each(everyWay)("%s: declining refuses the write, without a token", async (way) => {
  const { makeServer, remove, isThere, writes } = await scene();
  const { call } = await clientOver(way, makeServer, {
    declares: "forms",
    user: userWho("decline").user,
  });
  const { error } = await call("bigin_delete_records", remove);
  expect(error).toMatch(/^Not done: The user declined: Delete 1 record/);
  expect(error).not.toContain("confirm_token");
  expect(isThere()).toBe(true);
  expect(writes()).toEqual([]);
});

test.each(everyWay)("%s: cancelling returns a token, which works", async (way) => {
  const { makeServer, remove, isThere, writes } = await scene();
  const { user, questions } = userWho("cancel");
  const { call } = await clientOver(way, makeServer, { declares: "forms", user });
  const { reply } = await call("bigin_delete_records", remove);
  expect(reply).toMatchObject({ status: "confirmation_required" });
  expect(isThere()).toBe(true);
  expect(writes()).toEqual([]);
  const { confirm_token } = reply;
  expect((await call("bigin_delete_records", { ...remove, confirm_token })).reply).toMatchObject({
    done: 1,
  });
  expect(isThere()).toBe(false);
  expect(questions).toHaveLength(1);
});

test.each(everyWay)("%s: a client that cannot ask its user gets the token", async (way) => {
  const { makeServer, remove, isThere, writes } = await scene();
  const { call } = await clientOver(way, makeServer, noUser);
  const { reply } = await call("bigin_delete_records", remove);
  expect(reply).toMatchObject({ status: "confirmation_required", preview: { module: "Contacts" } });
  expect(writes()).toEqual([]);
  const { confirm_token } = reply;
  expect((await call("bigin_delete_records", { ...remove, confirm_token })).reply).toMatchObject({
    done: 1,
  });
  expect(isThere()).toBe(false);
});

test.each(eras)("%s: a record that changed meanwhile is not deleted", async (way) => {
  const { makeServer, remove, isThere, id, call: other, writes } = await scene();
  const user = async (): Promise<Action> => {
    const records = [{ id, Title: "Changed meanwhile" }];
    await other.update("Contacts", records);
    return "accept";
  };
  const { call } = await clientOver(way, makeServer, { declares: "both", user });
  const { error } = await call("bigin_delete_records", remove);
  expect(error).toContain("changed while the user was deciding");
  expect(isThere()).toBe(true);
  expect(writes().map(({ method }) => method)).toEqual(["PUT"]);
});

test.each(eras)("%s: declining makes earlier tokens invalid", async (way) => {
  const { makeServer, remove, isThere, writes } = await scene();
  const answers: Action[] = ["cancel", "decline", "accept"];
  const user: Answerer = () => answers.shift() ?? "cancel";
  const { call } = await clientOver(way, makeServer, { declares: "forms", user });
  const { confirm_token } = (await call("bigin_delete_records", remove)).reply;
  expect((await call("bigin_delete_records", remove)).error).toMatch(/the user declined/i);
  const { error } = await call("bigin_delete_records", { ...remove, confirm_token });
  expect(error).toContain("the user has declined since");
  expect(isThere()).toBe(true);
  expect(writes()).toEqual([]);
  expect((await call("bigin_delete_records", remove)).reply).toMatchObject({ done: 1 });
});

test.each(inMemoryWays)(
  "%s: after 30 s without an answer the reply has a token, and a late answer does not count",
  async (way) => {
    const { makeServer, remove, isThere, writes } = await scene();
    const late = deferred<Action>();
    const asked = deferred<AbortSignal>();
    const user: Answerer = (_question, signal) => {
      asked.resolve(signal);
      return late.promise;
    };
    const { call } = await clientOver(way, makeServer, {
      declares: "forms",
      user: fromSecondQuestion(user),
    });
    await call("bigin_delete_records", remove);
    fakeTimers(["setTimeout", "clearTimeout"]);
    const answer = call("bigin_delete_records", remove);
    const withdrawn = await asked.promise;
    await vi.advanceTimersByTimeAsync(29_900);
    expect(withdrawn.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    const { reply } = await answer;
    expect(reply).toMatchObject({ status: "confirmation_required" });
    expect(withdrawn.aborted).toBe(true);
    late.resolve("accept");
    vi.useRealTimers();
    const { confirm_token } = reply;
    expect(isThere()).toBe(true);
    expect((await call("bigin_delete_records", { ...remove, confirm_token })).reply).toMatchObject({
      done: 1,
    });
    expect(writes()).toHaveLength(1);
  },
);

test.each(inMemoryWays)(
  "%s: after slow reads the user has less time, so that the write still fits into the call",
  async (way) => {
    const { makeServer, remove, sandbox, call: warm } = await scene();
    await warm.list("Contacts", { per_page: 1 });
    const slow = {
      kind: "status",
      status: 429,
      body: "later",
      headers: { "Retry-After": "20" },
    } as const;
    sandbox.addFault({ method: "GET", path: /\/Contacts\//, does: slow });
    const asked = deferred<AbortSignal>();
    const user: Answerer = (_question, signal) => {
      asked.resolve(signal);
      return new Promise(() => undefined);
    };
    const { call } = await clientOver(way, makeServer, { declares: "forms", user });
    fakeTimers(["setTimeout", "clearTimeout", "Date"]);
    const answer = call("bigin_delete_records", remove);
    await vi.advanceTimersByTimeAsync(20_500);
    expect((await asked.promise).aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(15_000);
    expect((await answer).reply).toMatchObject({ status: "confirmation_required" });
  },
);

test.each(everyWay)("%s: if the client fails to ask its user, nothing is written", async (way) => {
  const { makeServer, remove, isThere, writes } = await scene();
  const user: Answerer = () => {
    throw new Error("no window to ask in");
  };
  const { call } = await clientOver(way, makeServer, { declares: "forms", user });
  const answer = await call("bigin_delete_records", remove).catch((error: Error) => error.message);
  // In 2026-07-28 the client never retries the call; before that the server gets the error and returns the token.
  if (newestWays.includes(way)) expect(answer).toContain("no window to ask in");
  else expect(answer).toMatchObject({ reply: { status: "confirmation_required" } });
  expect(isThere()).toBe(true);
  expect(writes()).toEqual([]);
});

test.each(eras)("%s: a client that can only open pages gets the token", async (way) => {
  const { makeServer, remove } = await scene();
  const { user, questions } = userWho("accept");
  const { call } = await clientOver(way, makeServer, { declares: "pages", user });
  expect((await call("bigin_delete_records", remove)).reply).toMatchObject({
    status: "confirmation_required",
  });
  expect(questions).toEqual([]);
});

test.each(eras)("%s: an empty elicitation capability means forms", async (way) => {
  const { makeServer, remove, isThere } = await scene();
  const { call } = await clientOver(way, makeServer, {
    declares: "empty",
    user: userWho("accept").user,
  });
  expect((await call("bigin_delete_records", remove)).reply).toMatchObject({ done: 1 });
  expect(isThere()).toBe(false);
});

test.each(inMemoryWays)("%s: cancelling the call withdraws the question", async (way) => {
  const { makeServer, remove, isThere, writes } = await scene();
  const cancel = new AbortController();
  const withdrawn = deferred<void>();
  const user: Answerer = (_question, signal) => {
    signal.addEventListener("abort", () => withdrawn.resolve());
    cancel.abort("enough");
    return new Promise(() => undefined);
  };
  const { call } = await clientOver(way, makeServer, {
    declares: "forms",
    user: fromSecondQuestion(user),
  });
  await call("bigin_delete_records", remove);
  await expect(call("bigin_delete_records", remove, cancel.signal)).rejects.toThrow();
  await withdrawn.promise;
  expect(isThere()).toBe(true);
  expect(writes()).toEqual([]);
});

type Args = Record<string, unknown>;
type Settings = readonly ("none" | "destructive" | "writes")[];

/** The settings of --confirm under which a write needs a confirmation. */
const always: Settings = ["destructive", "writes"];
const onlyIfAllDo: Settings = ["writes"];
const settingsOf = { create: onlyIfAllDo, update: onlyIfAllDo, delete: always, send: always };

const rows = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ Last_Name: "N", Email: `n${at}@probe.example` }));
const counts: [tool: string, records: (ids: string[]) => Args[], Settings][] = [
  ["bigin_create_records", () => rows(500), onlyIfAllDo],
  ...([10, 11] as const).flatMap((count): typeof counts => {
    const settings = count > 10 ? always : onlyIfAllDo;
    return [
      [
        "bigin_update_records",
        (ids) => ids.slice(0, count).map((id) => ({ id, Title: "T" })),
        settings,
      ],
      ["bigin_upsert_records", () => rows(count), settings],
    ];
  }),
];

/** Makes a call under each setting, and checks where it is sent at once and where it asks first. */
async function expectToAsk(
  settings: Settings,
  make: (scene: Connected) => Promise<[string, Args]>,
) {
  for (const confirm of confirmSettings) {
    const connected = await connect({ confirm, toolsets: everyToolset });
    const [tool, args] = await make(connected);
    connected.sent.length = 0;
    const { status } = await connected.call(tool, args);
    const isSent = connected.sent.some(({ method }) => method !== "GET");
    expect([confirm, status === "confirmation_required", isSent]).toEqual([
      confirm,
      settings.includes(confirm),
      !settings.includes(confirm),
    ]);
  }
}

test.each(
  tools.flatMap((tool) =>
    tool.effect === "read" ? [] : [[tool.name, tool.effect, tool] as const],
  ),
)("%s, which is a %s, needs a confirmation as the setting says", async (name, effect, tool) => {
  const example = { tool, args: tool.examples[0] };
  await expectToAsk(settingsOf[effect], async ({ call, sandbox }) => {
    const write = needsWrite(example) ? await makeWrite(call) : "";
    return [name, filled(example, { ...idsIn(sandbox), write })];
  });
});

test.each(counts)(
  "%s of many records needs a confirmation (case %#)",
  async (name, records, settings) => {
    await expectToAsk(settings, async ({ sandbox }) => [
      name,
      { module: "Contacts", records: records(idsOf(sandbox, 11)) },
    ]);
  },
);
