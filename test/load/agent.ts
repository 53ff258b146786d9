import type { Answer } from "./clients.ts";
import { type Ledger, nameOf } from "./ledger.ts";

type Call = (name: string, args?: Record<string, unknown>) => Promise<Answer>;

interface Own {
  name: string;
  id: string;
}

/** An agent that repeats ten calls. Half of them write, to records that belong to this agent alone. */
export function createAgent(
  client: number,
  call: Call,
  ledger: Ledger,
): (calls: number) => Promise<void> {
  const module = "contacts";
  let made = 0;
  const own: Own[] = [];
  let deletion: { record: Own; token: unknown } | undefined;

  async function createOwn(): Promise<void> {
    const name = nameOf(client, made);
    const records = [{ Last_Name: name, Email: `${client}.${made}@soak.example` }];
    const tool = made % 20 < 10 ? "bigin_create_records" : "bigin_upsert_records";
    const id = ledger.created(name, null, await call(tool, { module, records }));
    if (id) own.push({ name, id });
  }
  async function createAnother(): Promise<void> {
    const name = nameOf(client, made);
    const records = [{ Last_Name: name, Title: "New" }];
    ledger.created(name, "New", await call("bigin_create_records", { module, records }));
  }
  async function retitle(): Promise<void> {
    const record = own.at(-1);
    if (!record) return look("bigin_list_modules");
    const title = `Title ${made}`;
    const records = [{ id: record.id, Title: title }];
    const answer = await call("bigin_update_records", { module, records });
    ledger.titled(record.name, title, answer);
  }
  async function askToDelete(): Promise<void> {
    const record = own.at(-1);
    if (!record) return look("bigin_list_users");
    const { reply } = await call("bigin_delete_records", { module, ids: [record.id] });
    deletion = { record, token: reply["confirm_token"] };
  }
  async function confirm(): Promise<void> {
    if (!deletion?.token) return look("bigin_list_writes");
    const { record, token } = deletion;
    deletion = undefined;
    own.pop();
    const args = { module, ids: [record.id], confirm_token: token };
    ledger.deleted(record.name, await call("bigin_delete_records", args));
  }
  async function look(name: string, args: Record<string, unknown> = {}): Promise<void> {
    await call(name, args);
  }
  const steps: readonly (() => Promise<void>)[] = [
    createOwn,
    () => look("bigin_get_record", { module, id: own.at(-1)?.id ?? "100000000000000001" }),
    retitle,
    () => look("bigin_list_records", { module: "deals", per_page: 10 }),
    createAnother,
    () => look("bigin_search_records", { module, word: nameOf(client, made) }),
    () => look("bigin_summarize_records", { module: "deals", group_by: ["stage"] }),
    () => look("bigin_describe_module", { module: "deals" }),
    askToDelete,
    confirm,
  ];
  return async (calls) => {
    for (let left = calls; left > 0; left -= 1) {
      await steps[made % steps.length]?.();
      made += 1;
    }
  };
}
