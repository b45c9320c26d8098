import { Buffer } from "node:buffer";
import { lookup as resolve } from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";

/** A message to post. */
export interface Post {
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** How a message is posted. */
export interface PostOptions {
  /** True for an address that the receiver may have. */
  readonly allows: (address: string) => boolean;
  /** Ends the attempt, for lack of time or at the end of the server. */
  readonly stop: AbortSignal;
  /**
   * How long the rest of an answer is read once its status came, in milliseconds: who needs the status alone does not
   * wait for a slow body. By default until `stop` aborts.
   */
  readonly bodyMs?: number;
}

/** An answer. */
export interface Answer {
  readonly status: number;
  /** How its body begins. */
  readonly text: string;
  /** False when its body broke off, or is longer than what was read of it. */
  readonly isWhole: boolean;
  readonly headers: http.IncomingHttpHeaders;
}

/** The most redirects that are followed. */
const MAX_REDIRECTS = 3;

/**
 * The most bytes of an answer's body that are read. Who listens only needs none, but its end lets the receiver end
 * well.
 */
const MAX_ANSWER = 64 * 1024;

/**
 * Posts a message, and follows redirects that keep it a POST (307 and 308). The address that the receiver's name has is
 * looked at before anything is sent to it, and the connection goes to that very address, at each redirect again: so no
 * name leads into the server's own network. Throws an error whose message says in one line what was wrong.
 */
export async function post(message: Post, options: PostOptions): Promise<Answer> {
  const { stop } = options;
  const stopped = Promise.withResolvers<never>();
  const end = () => stopped.reject(new Error("No answer came in time"));
  stop.addEventListener("abort", end);
  if (stop.aborted) end();
  try {
    // Neither the look-up of a name nor each state of a connection can be stopped.
    return await Promise.race([stopped.promise, follow(message, options)]);
  } finally {
    stop.removeEventListener("abort", end);
  }
}

async function follow({ url, headers, body }: Post, options: PostOptions): Promise<Answer> {
  let target = url;
  for (let redirects = 0;; redirects++) {
    const answer = await postOnce({ url: target, headers, body }, options);
    const { location } = answer.headers;
    if (answer.status !== 307 && answer.status !== 308 || location === undefined) return answer;
    const next = URL.parse(location, target);
    if (next === null || !/^https?:$/.test(next.protocol)) throw new Error("It redirects to what is no web address");
    if (target.protocol === "https:" && next.protocol !== "https:") throw new Error("It redirects from HTTPS to HTTP");
    if (redirects === MAX_REDIRECTS) throw new Error(`It redirects more than ${MAX_REDIRECTS} times`);
    target = next;
  }
}

async function postOnce({ url, headers, body }: Post, { allows, stop, bodyMs }: PostOptions): Promise<Answer> {
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const found = isIP(name) !== 0 ? [{ address: name, family: isIP(name) }] : await resolve(name, { all: true });
  const usable = found.filter(({ address }) => allows(address));
  if (usable.length === 0) {
    throw new Error(`${name} has an address in a private network (--webhook-allow-private lets it be used)`);
  }
  return await new Promise((resolve, reject) => {
    const { request } = url.protocol === "https:" ? https : http;
    const sending = request(url, {
      method: "POST",
      headers: { ...headers, "content-length": String(new TextEncoder().encode(body).length) },
      // A connection of its own: one that is kept could be used by another message while it is being closed.
      agent: false,
      signal: stop,
      lookup: (_name: string, { all }: { all?: boolean }, done: (...result: unknown[]) => void) =>
        all ? done(null, usable) : done(null, usable[0]!.address, usable[0]!.family),
    } as http.RequestOptions, (incoming) => {
      const chunks: Uint8Array[] = [];
      let read = 0;
      const timer = bodyMs === undefined ? undefined : setTimeout(() => incoming.destroy(), bodyMs);
      const end = () => {
        clearTimeout(timer);
        resolve({
          isWhole: incoming.complete,
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          text: new TextDecoder().decode(Buffer.concat(chunks)),
        });
      };
      incoming.on("data", (chunk: Uint8Array) => {
        chunks.push(chunk);
        read += chunk.length;
        if (read > MAX_ANSWER) incoming.destroy();
      });
      // An answer whose body breaks off has told its status all the same.
      incoming.on("error", end).on("close", end);
    });
    // It has left HTTP, which nobody asked for.
    sending.on("upgrade", ({ statusCode = 101, headers }, socket) => {
      socket.destroy();
      resolve({ status: statusCode, headers, text: "", isWhole: true });
    });
    sending.on("error", reject);
    sending.end(body);
  });
}
