/** A proxy that takes a path away. */
export interface StrippingProxy extends AsyncDisposable {
  /** The address that it has for its server, with the path and no slash at the end. */
  readonly url: string;
}

/** Starts a proxy that gives the server of `port()` what comes below `path`, and answers anything else with 404. */
export function startStrippingProxy(path: string, port: () => number): StrippingProxy {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    if (!pathname.startsWith(`${path}/`)) return new Response("Another program's page", { status: 404 });
    const target = `http://127.0.0.1:${port()}${pathname.slice(path.length)}${search}`;
    const { method, headers, body } = request;
    const passed = new Headers(headers);
    passed.delete("accept-encoding");
    return await fetch(target, { method, headers: passed, body, redirect: "manual" });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}${path}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
