/** A failure of the upstream services, for requests that match. */
export interface Fault {
  /** Any method when absent. */
  method?: string;
  /** Tested on the path name. */
  path?: RegExp;
  /** How many requests it affects; 1 by default. */
  times?: number;
  /** How many matching requests it lets through first; 0 by default. */
  skip?: number;
  does:
    | { kind: "status"; status: number; body?: unknown; headers?: Record<string, string> }
    /** No response until the caller gives up. */
    | { kind: "hang" }
    /** The headers and half of the body, then nothing. */
    | { kind: "stall" }
    /** The connection breaks before the request is carried out. */
    | { kind: "reset" }
    /** Half of the body, ended cleanly. */
    | { kind: "truncate" }
    /** The request is carried out, its response is lost. */
    | { kind: "lost" }
    /** The response reports success, but nothing was changed. */
    | { kind: "drop" };
}

export interface FaultContext {
  /** Aborted when the caller gives up. */
  readonly signal: AbortSignal;
  /** Carries the request out. */
  readonly respond: () => Promise<Response>;
  /** Returns a function that restores the store as it is now. */
  readonly snapshot: () => () => void;
}

/** The first fault that applies to this request, if any. Counts it as used once. */
export function takeFault(faults: Fault[], method: string, path: string): Fault | undefined {
  for (const fault of faults) {
    if ((fault.times ?? 1) <= 0 || !matches(fault, method, path)) continue;
    if ((fault.skip ?? 0) > 0) {
      fault.skip = (fault.skip ?? 0) - 1;
      continue;
    }
    fault.times = (fault.times ?? 1) - 1;
    return fault;
  }
  return undefined;
}

function matches(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false;
  if (!fault.path) return true;
  fault.path.lastIndex = 0;
  return fault.path.test(path);
}

/** The error that `fetch` throws when a connection breaks. Its own class tells it from a bug in the sandbox. */
export class BrokenConnection extends TypeError {
  constructor() {
    super("fetch failed");
  }
}

/** The response under a fault. Throws BrokenConnection, or the signal's reason. */
export async function applyFault(fault: Fault, context: FaultContext): Promise<Response> {
  const { signal, respond, snapshot } = context;
  const { does } = fault;
  switch (does.kind) {
    case "status":
      return scriptedResponse(does);
    case "hang":
      return await untilAborted(signal);
    case "reset":
      throw new BrokenConnection();
    case "lost":
      await respond();
      throw new BrokenConnection();
    case "drop": {
      const restore = snapshot();
      const response = await respond();
      restore();
      return response;
    }
    case "truncate":
      return halfResponse(await respond(), undefined);
    case "stall":
      return halfResponse(await respond(), signal);
  }
}

function scriptedResponse(does: Extract<Fault["does"], { kind: "status" }>): Response {
  const headers = new Headers(does.headers);
  const { body, status } = does;
  if (body === undefined) return new Response(null, { status, headers });
  const isText = typeof body === "string";
  if (!headers.has("content-type"))
    headers.set("content-type", isText ? "text/plain" : "application/json;charset=UTF-8");
  return new Response(isText ? body : JSON.stringify(body), { status, headers });
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
  });
}

/** Half of the body. With `stallUntil`, the stream then stays open until that signal fails it. */
async function halfResponse(
  response: Response,
  stallUntil: AbortSignal | undefined,
): Promise<Response> {
  const whole = new Uint8Array(await response.arrayBuffer());
  const half = whole.slice(0, Math.floor(whole.length / 2));
  const body = stallUntil ? stalledStream(half, stallUntil) : half;
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  const noBody = response.status === 204 || response.status === 304;
  return new Response(noBody ? null : body, { status: response.status, headers });
}

function stalledStream(bytes: Uint8Array, until: AbortSignal): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      until.addEventListener("abort", () => controller.error(until.reason), { once: true });
    },
  });
}
