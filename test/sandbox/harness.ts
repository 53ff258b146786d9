import {
  createSandbox,
  type Fault,
  type Sandbox,
  type SandboxOptions,
} from "../../src/sandbox/app.ts";

export const NOW = Date.parse("2026-11-20T15:00:00Z");
export const GATEWAY = "https://gateway.maton.ai/zoho-bigin/bigin/v2";
export const CONTROL = "https://ctrl.maton.ai";

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely, that is what tests do
type Answer = { status: number; body: any; headers: Headers };

export interface Bench {
  sandbox: Sandbox;
  /** The clock's time, to be moved by tests. */
  time: { now: number };
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  get(path: string, query?: Record<string, string>): Promise<Answer>;
  /** Id of the nth seeded record of a module. */
  id(module: string, nth?: number): string;
}

export function bench(options: SandboxOptions = {}): Bench {
  const time = { now: NOW };
  const sandbox = createSandbox({ clock: () => time.now, ...options });
  const call: Bench["call"] = async (method, path, body, headers = {}) => {
    const response = await sandbox.fetch(path.startsWith("http") ? path : GATEWAY + path, {
      method,
      headers: { authorization: "Bearer sandbox", ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: parse(text), headers: response.headers };
  };
  return {
    sandbox,
    time,
    call,
    get: (path, query = {}) => {
      const search = new URLSearchParams(query).toString();
      return call("GET", search === "" ? path : `${path}?${search}`);
    },
    id(module, nth = 0) {
      const id = [...sandbox.store.records(module).keys()][nth];
      if (id === undefined) throw new Error(`no ${module} ${nth}`);
      return id;
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export const fault = (does: Fault["does"], when: Omit<Fault, "does"> = {}): Fault => ({
  ...when,
  does,
});
