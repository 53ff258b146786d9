export interface Fault {
  /** Any method when absent. */
  method?: string;
  /** Tested on the pathname. */
  path?: RegExp;
  /** How often it strikes; 1 by default. */
  times?: number;
  /** Matching requests let through first; 0 by default. */
  skip?: number;
  does:
    | { kind: "status"; status: number; body?: unknown; headers?: Record<string, string> }
    | { kind: "hang" }
    | { kind: "stall" }
    | { kind: "reset" }
    | { kind: "truncate" }
    | { kind: "lost" }
    | { kind: "drop" };
}

export interface FaultTarget {
  /** Aborted when the caller has waited long enough. */
  readonly signal: AbortSignal;
  /** Carries the request out as usual. */
  readonly answer: () => Promise<Response>;
  /** Returns the function that puts the store back to how it is now. */
  readonly snapshot: () => () => void;
}

/** The next fault that wants this request, if any; spends one of its strikes. */
export function takeFault(faults: Fault[], method: string, path: string): Fault | undefined {
  for (const fault of faults) {
    if ((fault.times ?? 1) <= 0 || !concerns(fault, method, path)) continue;
    if ((fault.skip ?? 0) > 0) {
      fault.skip = (fault.skip ?? 0) - 1;
      continue;
    }
    fault.times = (fault.times ?? 1) - 1;
    return fault;
  }
  return undefined;
}

function concerns(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false;
  if (!fault.path) return true;
  fault.path.lastIndex = 0;
  return fault.path.test(path);
}

/** What a client's own `fetch` throws when a connection breaks: meant, unlike any other error in here. */
export class BrokenConnection extends TypeError {
  constructor() {
    super("fetch failed");
  }
}

export async function strike(fault: Fault, target: FaultTarget): Promise<Response> {
  const { signal, answer, snapshot } = target;
  const { does } = fault;
  switch (does.kind) {
    case "status":
      return scripted(does);
    case "hang":
      return await untilAborted(signal);
    case "reset":
      throw new BrokenConnection();
    case "lost":
      await answer();
      throw new BrokenConnection();
    case "drop": {
      const restore = snapshot();
      const response = await answer();
      restore();
      return response;
    }
    case "truncate":
      return halved(await answer(), undefined);
    case "stall":
      return halved(await answer(), signal);
  }
}

function scripted(does: Extract<Fault["does"], { kind: "status" }>): Response {
  const headers = new Headers(does.headers);
  const { body, status } = does;
  if (body === undefined) return new Response(null, { status, headers });
  const isText = typeof body === "string";
  if (!headers.has("content-type")) {
    headers.set("content-type", isText ? "text/plain" : "application/json;charset=UTF-8");
  }
  return new Response(isText ? body : JSON.stringify(body), { status, headers });
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  });

/** Half of the body; with a signal, the other half never comes and the stream stays open. */
async function halved(response: Response, open: AbortSignal | undefined): Promise<Response> {
  const whole = new Uint8Array(await response.arrayBuffer());
  const half = whole.slice(0, Math.floor(whole.length / 2));
  const body = open
    ? new ReadableStream<Uint8Array>({
        start(controller) {
          if (half.length > 0) controller.enqueue(half);
          open.addEventListener("abort", () => controller.error(open.reason), { once: true });
        },
      })
    : half;
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  const noBody = response.status === 204 || response.status === 304;
  return new Response(noBody ? null : body, { status: response.status, headers });
}
