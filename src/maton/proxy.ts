import type { Dispatcher, Pool } from "undici";

/** The proxies of the environment, by the names that curl and other programs use. */
export interface Proxies {
  httpsProxy: string | undefined;
  httpProxy: string | undefined;
  /** Names of hosts that are reached directly, separated by commas. */
  noProxy: string | undefined;
}

/** The code of a `ProxyFailure`, by which a failure of the network is told from one of the proxy. */
export const proxyFailed = "PROXY_FAILED";
/** Milliseconds for the proxy to open a connection to a host. */
const tunnelMs = 8_000;

/** The proxy did not open a connection to the host, so nothing was sent. */
class ProxyFailure extends Error {
  readonly code = proxyFailed;
}

/** A client of a proxy. The library itself would try again without end where the proxy closes the connection. */
function clientOf(pool: Pool, proxy: string): Pool {
  const open = pool.connect.bind(pool);
  const tunnel = async (to: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), tunnelMs);
    const failed = (how: string) =>
      new ProxyFailure(
        `The proxy ${proxy} ${how}, so nothing was sent. HTTPS_PROXY names this proxy.`,
      );
    const opened = await open({ ...to, signal: controller.signal })
      .catch((error: unknown) => {
        throw failed(
          controller.signal.aborted
            ? `did not connect to ${to.path} within ${tunnelMs / 1000} s`
            : `could not be reached, or closed the connection (${codeIn(error)})`,
        );
      })
      .finally(() => clearTimeout(timer));
    if (opened.statusCode === 200) return opened;
    opened.socket.on("error", () => undefined).destroy();
    throw failed(`refused to connect to ${to.path} (HTTP ${opened.statusCode})`);
  };
  return Object.assign(pool, { connect: tunnel });
}

function codeIn(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "no code";
}

/**
 * A `fetch` that goes through the proxies. Node 20 has no such option of its own. The library is loaded with the first
 * request, and only where a proxy is set.
 */
export function createProxiedFetch({ httpsProxy, httpProxy, noProxy }: Proxies): typeof fetch {
  let loading: ReturnType<typeof load> | undefined;
  async function load() {
    // By the default export: in the bundle the library has no other.
    const { EnvHttpProxyAgent, Pool, fetch: send } = (await import("undici")).default;
    const dispatcher = new EnvHttpProxyAgent({
      clientFactory: (proxy, options) => clientOf(new Pool(proxy, options), proxy.host),
      // An empty text: the agent must not look into the environment for what was not given.
      httpsProxy: httpsProxy ?? httpProxy ?? "",
      httpProxy: httpProxy ?? "",
      noProxy: noProxy ?? "",
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
    });
    const isEmpty = [204, 205, 304].includes(response.status);
    const body = isEmpty || !response.body ? null : ReadableStream.from(response.body);
    return new Response(body, { status: response.status, headers: [...response.headers] });
  };
}
