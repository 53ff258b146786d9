import type { Dispatcher } from "undici";
import { startDeadline } from "../shared/deadline.ts";
import { Failure } from "../shared/failure.ts";
import { ownCodeOf } from "./network.ts";

/** The proxies of the environment, by the names that curl and other programs use. */
export interface Proxies {
  httpsProxy: string | undefined;
  httpProxy: string | undefined;
  /** Names of hosts that are reached directly, separated by commas. */
  noProxy: string | undefined;
}

/** Milliseconds for a proxy to connect to a host: less than an attempt of a read has. */
const connectMs = 8_000;

/**
 * A `fetch` that goes through the proxies. Node 20 has no such option of its own. The library is loaded with the first
 * request, and only where a proxy is set. If a proxy does not connect, it throws a Failure.
 */
export function createProxiedFetch({ httpsProxy, httpProxy, noProxy }: Proxies): typeof fetch {
  let loading: ReturnType<typeof load> | undefined;
  async function load() {
    // By the default export: in the bundle the library has no other.
    const { EnvHttpProxyAgent, Pool, fetch: send } = (await import("undici")).default;
    const dispatcher = new EnvHttpProxyAgent({
      // An empty text: the agent must not look into the environment for what was not given.
      httpsProxy: httpsProxy ?? httpProxy ?? "",
      httpProxy: httpProxy ?? "",
      noProxy: noProxy ?? "",
      clientFactory(proxy, options) {
        const pool = new Pool(proxy, options);
        const connect = pool.connect.bind(pool);
        return Object.assign(pool, {
          connect: (asked: Dispatcher.ConnectOptions) => tunnel(connect, asked, proxy.host),
        });
      },
    });
    return { send, dispatcher };
  }
  return async (input, init) => {
    loading ??= load();
    const { send, dispatcher } = await loading;
    const request = new Request(input, init);
    const hasBody = request.body !== null;
    // The library has classes of its own, so a request and a response are passed on by their parts.
    const response = await send(request.url, {
      method: request.method,
      headers: [...request.headers],
      ...(hasBody && { body: await request.arrayBuffer() }),
      redirect: "manual",
      signal: init?.signal ?? request.signal,
      dispatcher,
    }).catch((error: Error) => {
      throw error.cause instanceof Failure ? error.cause : error;
    });
    const isEmpty = [204, 205, 304].includes(response.status);
    const body = isEmpty || !response.body ? null : ReadableStream.from(response.body);
    return new Response(body, { status: response.status, headers: [...response.headers] });
  };
}

/**
 * Has a proxy connect to a host. The library itself would try again and again if the proxy hangs up, and its errors do not
 * tell a proxy from the host. `proxy` is a name without the password.
 */
async function tunnel(
  connect: (asked: Dispatcher.ConnectOptions) => Promise<Dispatcher.ConnectData>,
  asked: Dispatcher.ConnectOptions,
  proxy: string,
): Promise<Dispatcher.ConnectData> {
  const deadline = startDeadline(new AbortController().signal, connectMs);
  try {
    const connected = await connect({ ...asked, signal: deadline.signal });
    const { statusCode, socket } = connected;
    if (statusCode === 200) return connected;
    socket.on("error", () => undefined).destroy();
    throw failed(`The proxy ${proxy} did not connect to ${asked.path} (HTTP ${statusCode}).`);
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (deadline.expired())
      throw failed(
        `The proxy ${proxy} did not connect to ${asked.path} within ${connectMs / 1000} s.`,
      );
    const code = ownCodeOf(error);
    throw failed(`The connection to the proxy ${proxy} failed${code ? ` (${code})` : ""}.`);
  } finally {
    deadline.stop();
  }
}

function failed(message: string): Failure {
  return new Failure({ origin: "network", kind: "proxy_failed", message });
}
