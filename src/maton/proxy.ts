/** The proxies of the environment, by the names that curl and other programs use. */
export interface Proxies {
  httpsProxy: string | undefined;
  httpProxy: string | undefined;
  /** Names of hosts that are reached directly, separated by commas. */
  noProxy: string | undefined;
}

/**
 * A `fetch` that goes through the proxies. Node 20 has no such option of its own. The library is loaded with the first
 * request, and only where a proxy is set.
 */
export function createProxiedFetch({ httpsProxy, httpProxy, noProxy }: Proxies): typeof fetch {
  let loading: ReturnType<typeof load> | undefined;
  async function load() {
    // By the default export: in the bundle the library has no other.
    const { EnvHttpProxyAgent, fetch: send } = (await import("undici")).default;
    const dispatcher = new EnvHttpProxyAgent({
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
