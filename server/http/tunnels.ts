import type { App } from "./app.ts";

/** The end of an answer that is broken off on purpose: nobody has to look at it. */
export class BrokenOff extends Error {
  override name = "BrokenOff";
}

/**
 * Makes the answer to a CONNECT the last one on its connection, for the runtime's own listeners.
 *
 * A CONNECT has no content (RFC 9110, section 9.3.6), so the runtime takes the bytes behind it for another request. Some
 * proxies pass them on as content, Caddy 2.6 does. Their clients could send requests past the proxy: with the name of
 * any user in a header, and with answers that go to others.
 */
export function endTunnels(app: App): App {
  return async (request, connection) => {
    const response = await app(request, connection);
    return request.method === "CONNECT" ? withoutEnd(response) : response;
  };
}

/** The same answer, broken off behind its body: Deno 2.9 closes the connection for nothing else. */
function withoutEnd({ body, status, headers }: Response): Response {
  const rest = new Headers(headers);
  rest.delete("Content-Length");
  return new Response(ReadableStream.from(brokenOff(body)), { status, headers: rest });
}

async function* brokenOff(body: Response["body"]): AsyncGenerator<Uint8Array> {
  if (body !== null) yield* body;
  throw new BrokenOff("The answer to a CONNECT ends its connection");
}
