import { STATUS_CODE } from "@std/http/status";
import { UploadError } from "../errors.ts";
import type { App } from "./app.ts";
import { drain } from "./drain.ts";
import { refusal } from "./refusals.ts";
import { type Gate, parseTarget, urlOf } from "./target.ts";

/** The options of {@linkcode createRedirectApp}. */
export interface RedirectOptions {
  /** Refuses hosts that the server does not answer to, so that nobody is led elsewhere. */
  readonly gate: Gate;
  readonly publicUrl: string;
  /** The port of the listener for HTTPS. */
  readonly httpsPort: () => number;
}

/** How much is drained of what was sent here: nobody needs to send anything. */
const DRAIN = { bytes: 2 ** 18, forMs: 10_000 };

/**
 * Makes the app of the listener for plain HTTP. It leads browsers to the same address over HTTPS (308), and lets none
 * remember that, so that a server can go back to plain HTTP. It refuses every
 * other request, and every one with a token, in one line: what goes on to work would be sent in clear each time.
 */
export function createRedirectApp(options: RedirectOptions): App {
  return (request, connection) => {
    const response = answer(request, options);
    if (connection?.drainer !== undefined) connection.drainer.leave(DRAIN);
    else if (request.body !== null) drain(request.body, DRAIN);
    return Promise.resolve(response);
  };
}

function answer(request: Request, { gate, publicUrl, httpsPort }: RedirectOptions): Response {
  try {
    const path = gate(request);
    const url = urlOf(request);
    const target = parseTarget({ url, host: request.headers.get("host") });
    if ("malformed" in target) throw new UploadError("bad-request", target.malformed);
    const start = url.indexOf("?");
    const origin = originOf(target.host, publicUrl, httpsPort());
    if (request.headers.has("authorization")) {
      throw new UploadError("bad-request", `Use ${origin}, and make a new token: this one was sent without encryption`);
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new UploadError("method-not-allowed", `Use ${origin}: here, without encryption, nothing is taken`, {
        headers: { "Allow": "GET, HEAD" },
      });
    }
    const location = new URL(`${origin}${path}${start === -1 ? "" : url.slice(start)}`).href;
    return new Response(null, {
      status: STATUS_CODE.PermanentRedirect,
      headers: { "Location": location, "Cache-Control": "no-store" },
    });
  } catch (error) {
    if (error instanceof UploadError) return refusal(error);
    throw error;
  }
}

/** The origin for HTTPS: that of the public URL when it has this name, as its port may be another one on the way. */
function originOf(host: string, publicUrl: string, port: number): string {
  const known = URL.parse(publicUrl);
  if (known?.protocol === "https:" && known.hostname === host) return known.origin;
  return `https://${host}${port === 443 ? "" : `:${port}`}`;
}
