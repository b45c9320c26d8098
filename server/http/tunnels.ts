import { UploadError } from "../errors.ts";
import type { Connection } from "./admission.ts";
import type { App } from "./app.ts";
import { refusal } from "./refusals.ts";

/** Remembers which connections a CONNECT has ended. */
export interface Ended {
  has(connection: Connection | undefined): boolean;
  add(connection: Connection | undefined): void;
}

/**
 * How long a connection is remembered by its address after the last answer on it, in milliseconds. What a CONNECT hides
 * comes at once or never, and the address may soon be another client's.
 */
const REMEMBERED_MS = 500;

/**
 * Makes the answer to a CONNECT the last one on its connection, for the runtime's own listeners.
 *
 * A CONNECT has no content (RFC 9110, section 9.3.6), so the runtime takes the bytes behind it for another request. Some
 * proxies, such as Caddy 2.6, pass these bytes on as content. A client could hide a request in them that the proxy has
 * not looked at, with the name of any user in a header. So what follows a CONNECT on its connection is refused.
 *
 * HTTP/2 tells content from requests. With `http2` a CONNECT without `Host` counts as one of it: the runtime does not say
 * which version a request has. So one of HTTP/1.1 without `Host` ends nothing then; proxies that pass a content on send
 * `Host`.
 */
export function endTunnels(app: App, ended: Ended, { http2 = false } = {}): App {
  return async (request, connection) => {
    const isEnded = ended.has(connection);
    const isConnect = request.method === "CONNECT" && !(http2 && !request.headers.has("host"));
    if (!isEnded && !isConnect) return await app(request, connection);
    ended.add(connection);
    return withoutEnd(isEnded ? refusal(behindConnect()) : await app(request, connection));
  };
}

/** Remembers whether one connection is ended. */
export function endedAlone(): Ended {
  let isEnded = false;
  return { has: () => isEnded, add: () => void (isEnded = true) };
}

/**
 * Remembers connections by the address and port of their clients, for listeners that tell nothing else of a connection.
 * A connection of a unix socket has no address, and is not remembered.
 */
export function endedByAddress(now: () => number = () => performance.now()): Ended {
  /** How many answers are on their way on each. */
  const answering = new Map<string, number>();
  /** When each other one is forgotten, in that order. */
  const forgottenAt = new Map<string, number>();

  function answered(address: string): void {
    const others = answering.get(address)! - 1;
    if (others > 0) return void answering.set(address, others);
    answering.delete(address);
    forgottenAt.delete(address);
    for (const [first, at] of forgottenAt) {
      if (at > now()) break;
      forgottenAt.delete(first);
    }
    forgottenAt.set(address, now() + REMEMBERED_MS);
  }

  return {
    has(connection) {
      if (answering.size === 0 && forgottenAt.size === 0) return false;
      const address = addressOf(connection);
      return answering.has(address) || (forgottenAt.get(address) ?? -Infinity) > now();
    },
    add(connection) {
      const address = addressOf(connection);
      if (connection === undefined || address === "") return;
      answering.set(address, (answering.get(address) ?? 0) + 1);
      const end = () => answered(address);
      connection.completed.then(end, end);
    },
  };
}

function addressOf(connection: Connection | undefined): string {
  const { remoteAddr } = connection ?? {};
  return remoteAddr !== undefined && "hostname" in remoteAddr ? `${remoteAddr.hostname} ${remoteAddr.port}` : "";
}

function behindConnect(): UploadError {
  return new UploadError("disconnected", "A CONNECT has ended this connection: send the request again on another one");
}

/** The end of an answer that is broken off on purpose: nobody has to look at it, so it has no stack. */
export class BrokenOff extends Error {
  override name = "BrokenOff";
  override stack = "";
}

/** Gives an answer whose body fails at its end: Deno 2.9 takes no word of ours for closing a connection. */
export function withoutEnd({ body, status, headers }: Response): Response {
  const rest = new Headers(headers);
  rest.delete("Content-Length");
  return new Response(ReadableStream.from(brokenOff(body)), { status, headers: rest });
}

async function* brokenOff(body: Response["body"]): AsyncGenerator<Uint8Array> {
  if (body !== null) yield* body;
  throw new BrokenOff("The answer ends its connection");
}
