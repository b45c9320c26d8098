import { ServerLimits, type Transport, type TransportAnswer } from "../../client/mod.ts";
import { parseRetryAfter } from "../../client/protocol/retry_after.ts";
import { retryDelayMs } from "../../client/upload/retry.ts";
import type { Target } from "./target.ts";

/** How often the server is asked before it has answered once. The waits between take two minutes at most. */
const TRIES = 10;
const PATIENCE_MS = 30_000;

/** Nothing can be sent to this address. The message is one line that says what to do. */
export class NoServer extends Error {
  override name = "NoServer";
}

/** The refusal of a server that would take the first piece of a stream for the whole. */
export const TAKES_NO_STREAM = "This server takes no stream of unknown length: save it in a file, and send that";

/** The things that {@linkcode hello} works with. */
export interface HelloDeps {
  /** A transport that sends the headers of the visitor. */
  readonly transport: Transport;
  readonly hasToken: boolean;
  readonly tries: number;
  /** True when a stream is to be sent, whose length comes with its end. */
  readonly isStream?: boolean;
  readonly signal: AbortSignal;
  readonly wait: (ms: number) => Promise<void>;
  /** Tells the person why it takes longer. */
  readonly tell: (line: string) => void;
}

/**
 * Asks the server for its limits, and so finds out whether it is one that takes files, or a stream, from this visitor.
 * Tries again while it cannot be reached. Rejects with {@linkcode NoServer}; gives `undefined` when `signal` aborts.
 */
export async function hello(target: Target, deps: HelloDeps): Promise<ServerLimits | undefined> {
  const limits = await limitsOf(target, deps);
  if (limits !== undefined && deps.isStream && limits.told.deferLength !== true) throw new NoServer(TAKES_NO_STREAM);
  return limits;
}

async function limitsOf(target: Target, deps: HelloDeps): Promise<ServerLimits | undefined> {
  const { endpoint } = target;
  const { transport, signal, wait, tell } = deps;
  const last: { answer?: TransportAnswer | undefined } = {};
  const limits = new ServerLimits({ endpoint, transport: async (request) => last.answer = await transport(request) });
  const tries = Math.min(deps.tries, TRIES);
  for (let failures = 1; !signal.aborted; failures++) {
    last.answer = undefined;
    let trouble: unknown;
    try {
      await limits.read({ signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) });
      return limits;
    } catch (error) {
      trouble = error;
    }
    if (signal.aborted) return undefined;
    const found = last.answer as TransportAnswer | undefined;
    if (found === undefined || found.status === 429 || found.status >= 500) {
      const reason = found === undefined ? reasonOf(trouble, endpoint) : `it answers ${found.status}`;
      if (failures >= tries) {
        throw new NoServer(`${endpoint} cannot be reached, ${reason}. Check the address and the network`);
      }
      const retryAfterMs = parseRetryAfter(found?.headers.get("retry-after") ?? null);
      const ms = retryDelayMs(failures, 0.5 + Math.random() / 2, retryAfterMs);
      tell(`${endpoint} cannot be reached, ${reason}. The next try is in ${Math.ceil(ms / 1000)} s`);
      await wait(ms);
      continue;
    }
    // A server that knows the protocol and tells no limits.
    if ([404, 405].includes(found.status) && await speaks(endpoint, deps)) return limits;
    throw new NoServer(refusalText(found, target, deps.hasToken));
  }
  return undefined;
}

/** True when the answer about an unknown file is a count. */
async function speaks(endpoint: string, { transport, signal }: HelloDeps): Promise<boolean> {
  const headers = { "X-File-Id": crypto.randomUUID() };
  const limited = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const answer = await transport({ method: "GET", url: `${endpoint}/status`, headers, signal: limited })
    .catch(() => undefined);
  return answer?.status === 200 && answer.text.trim() === "0";
}

function refusalText(
  { status, headers }: TransportAnswer,
  { endpoint, linkSecret }: Target,
  hasToken: boolean,
): string {
  if (status >= 300 && status < 400) {
    return `${endpoint} sends you on to ${headers.get("location") ?? "nowhere"}: give that server's address`;
  }
  if (status === 401 && linkSecret !== undefined) return "The link is not good any more: ask for another one";
  if (status === 401 && hasToken) {
    return `${endpoint} does not know your token: it may have been removed, or have expired`;
  }
  if (status === 401) return `${endpoint} wants a token: give --token-file FILE, or set PAWL_TOKEN`;
  if (status === 403) return `${endpoint} does not let you upload: ask whoever runs it for that right`;
  if (status === 200) return `No Pawl answers at ${endpoint}, but something else: check the address, and any proxy`;
  return `No Pawl answers at ${endpoint} (${status}): check the address`;
}

/** Says why there was no answer. Throws {@linkcode NoServer} where another try would fail too. */
function reasonOf(error: unknown, endpoint: string): string {
  const texts: string[] = [];
  for (let at = error; at instanceof Error && texts.length < 4; at = at.cause) texts.push(at.message);
  const text = texts.join(": ");
  if (/CaUsedAsEndEntity/.test(text)) {
    throw new NoServer(
      `The certificate of ${endpoint} is that of an authority: make one with basicConstraints CA:FALSE`,
    );
  }
  if (/certificate/i.test(text)) {
    throw new NoServer(
      `The certificate of ${endpoint} is not trusted: give the right one by --ca FILE (${text.slice(-80)})`,
    );
  }
  if (/NotCapable|--allow-net/.test(text)) {
    throw new NoServer("Deno may not use the network: give --allow-net to deno run");
  }
  if (/InvalidContentType/.test(text)) {
    throw new NoServer(`${endpoint} speaks no TLS: is its address one with http:// in the place of https://?`);
  }
  if (/dns|lookup/i.test(text)) return "its name is not known";
  if (/refused/i.test(text)) return "nothing listens there";
  if (error instanceof DOMException && error.name === "TimeoutError") return "it does not answer";
  return `the connection fails (${text.slice(-100)})`;
}
