import { get as getByHttp } from "node:http";
import { get as getByHttps } from "node:https";
import { defined } from "../defined.ts";

/** The answer to a probe. */
export interface Probed {
  readonly status: number;
  /** The beginning of the body. */
  readonly text: string;
}

/** The options of {@linkcode probe}. */
export interface ProbeOptions {
  /** How long the answer may take, in milliseconds. */
  readonly patienceMs: number;
  /** True for a server that this process knows anyway: its certificate may be of any name and age. */
  readonly isOwn?: boolean;
  /** A unix socket to connect to, whatever host the URL names. */
  readonly socketPath?: string;
}

/** How much of a body is read, in characters. */
const LONGEST_TEXT = 16_384;

/**
 * Gets an HTTP URL over a new connection, past every proxy of the environment, and without following redirects: so the
 * answer is of this server now. Rejects when none comes in time.
 */
export function probe(url: URL, { patienceMs, isOwn = false, socketPath }: ProbeOptions): Promise<Probed> {
  const { promise, resolve, reject } = Promise.withResolvers<Probed>();
  const late = new Error(`no answer within ${patienceMs} ms`);
  const options = { agent: false, headers: { "Connection": "close" }, ...defined({ socketPath }) } as const;
  const request = url.protocol === "https:"
    ? getByHttps(url, { ...options, rejectUnauthorized: !isOwn })
    : getByHttp(url, options);
  const timer = setTimeout(() => reject(late), patienceMs);
  request.on("error", reject);
  request.on("response", (answer) => {
    let text = "";
    const end = () => resolve({ status: answer.statusCode ?? 0, text });
    answer.setEncoding("utf8");
    answer.on("data", (piece: string) => {
      text = (text + piece).slice(0, LONGEST_TEXT);
      if (text.length === LONGEST_TEXT) end();
    });
    answer.on("end", end);
    answer.on("error", reject);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    request.destroy();
  });
}
