import { createServer } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import type { KeyPair } from "../tls/key_pair.ts";
import { createAcceptTrouble, turnsUntil } from "./accepting.ts";
import { createAnswerError } from "./answer_error.ts";
import type { App } from "./app.ts";
import type { Listener, PlainListenerOptions } from "./listener.ts";
import { NodeConnections } from "./node_connections.ts";
import { type ExchangeOptions, NodeExchange } from "./node_exchange.ts";
import type { InterimMode } from "./node_interim.ts";
import { refuseUnusable } from "./node_key_pair.ts";
import { addressOf, listenOn, stopAccepting } from "./node_listen_on.ts";
import { NodeMessage } from "./node_message.ts";
import type { Exchanged, NodeServer } from "./node_types.ts";
import { SOCKET_MODE } from "./unix_socket.ts";

/** The times of a listener, in milliseconds. */
export interface NodeTimes {
  /** How long a client may take for the head of a request, and for its handshake. */
  readonly headMs: number;
  /** How often it is looked at, which clients take too long. */
  readonly lookEveryMs: number;
  /** How long a connection without a request is kept. Proxies keep theirs for a minute, mostly. */
  readonly keepAliveMs: number;
  /** How long a client may go on sending after its answer, in all and in silence. */
  readonly drainMs: number;
  readonly silentMs: number;
}

const TIMES: NodeTimes = {
  headMs: 10_000,
  lookEveryMs: 1000,
  keepAliveMs: 75_000,
  drainMs: 5000,
  silentMs: 1000,
};

/** How much a client may go on sending after its answer, in bytes. */
const DRAIN_BYTES = 64 * 1024 * 1024;

/** The longest head of a request, in bytes. `Deno.serve` takes as much. */
const LONGEST_HEAD = 64 * 1024;

/** How many descriptors have to be free while connections are accepted; fewer, where there are few from the start. */
const FREE = [64, 16, 4, 1];

/** How many connections are accepted at most between two looks at the free descriptors. */
const CONNECTIONS_BETWEEN_LOOKS = 16;
/** How long it takes at most from one look to the next. */
const LOOK_AT_DESCRIPTORS_MS = 2000;

/** The options of {@linkcode listenNode}. */
export interface NodeListenerOptions extends PlainListenerOptions {
  /** To which requests interim responses are sent. */
  readonly interim: () => InterimMode;
  readonly times?: Partial<NodeTimes>;
}

/** A listener on `node:http`. */
export interface NodeListener extends Listener {
  /** Gives another certificate to new connections. Those that are open go on with theirs. Rejects for an unusable one. */
  use(pair: Pick<KeyPair, "cert" | "key">): Promise<void>;
}

/**
 * Listens by `node:http`, and brings requests to `app`, over HTTP/1.1 alone. Unlike `Deno.serve` it can send interim
 * responses, ends clients that take too long for the head of a request, answers before it asks for a body, and lets
 * bodies come to their end while it is shut down. Rejects, with the errors of `Deno.listen`, when the address is refused.
 *
 * When no more files can be opened, a server of `node:http` in Deno 2.9 stops accepting for good and tells nobody. So it
 * is made to stop while a few descriptors are free still, and another server takes its place when there are more again.
 */
export async function listenNode(options: NodeListenerOptions, app: App): Promise<NodeListener> {
  const { host, port, path = "", log, spare, interim } = options;
  const times = { ...TIMES, ...options.times };
  const isTls = options.pair !== undefined;
  const connections = new NodeConnections();
  const ending = new AbortController();
  let pair = options.pair;
  const tell = createAcceptTrouble(log);
  let isAccepting = true;
  let accepted = 0;
  const exchangeOptions: ExchangeOptions = {
    app,
    interim,
    scheme: path !== "" ? "http+unix://" : isTls ? "https://" : "http://",
    onError: createAnswerError(log),
    ending: ending.signal,
    keepAliveSeconds: Math.floor(times.keepAliveMs / 1000),
    usualDrain: { bytes: DRAIN_BYTES, forMs: times.drainMs },
    silentMs: times.silentMs,
    monotonic: () => performance.now(),
  };
  if (pair !== undefined) refuseUnusable(pair, host);
  spare.fill();
  const free = FREE.find((count) => spare.hasFree(count)) ?? 0;
  let server = await open(port);
  const address = addressOf(server);
  const looks = setInterval(look, LOOK_AT_DESCRIPTORS_MS);
  const sweeps = setInterval(() => connections.endIdle(times.keepAliveMs / times.lookEveryMs), times.lookEveryMs);

  async function open(port: number): Promise<NodeServer> {
    const settings = {
      // It would count the time of the whole body.
      requestTimeout: 0,
      headersTimeout: times.headMs,
      connectionsCheckingInterval: times.lookEveryMs,
      // Idle connections are ended here, all by one timer.
      keepAliveTimeout: 0,
      maxHeaderSize: LONGEST_HEAD,
      // The app says what is wrong without one.
      requireHostHeader: false,
      // Clients that ask for HTTP/2 without TLS get their answer over HTTP/1.1.
      shouldUpgradeCallback(message: unknown) {
        // The cast is right because of `IncomingMessage` below.
        (message as NodeMessage).asksForUpgrade = true;
        return false;
      },
      noDelay: true,
      IncomingMessage: NodeMessage,
      // Most requests have no body, so no events of one are made for them.
      optimizeEmptyRequests: true,
    };
    const opened: NodeServer = pair === undefined
      ? createServer(settings)
      : createSecureServer({ ...settings, ...pair, handshakeTimeout: times.headMs, ALPNProtocols: ["http/1.1"] });
    const begin = (waits: boolean) => (message: unknown, response: unknown) => {
      // The casts are right because the types of this event know neither `NodeMessage` nor `writeInformation`.
      const exchanged = { message, answering: response } as Exchanged;
      connections.begin(exchanged.message.socket, new NodeExchange(exchanged, waits, exchangeOptions));
    };
    // A client may stop sending and still wait for its answer.
    Object.assign(opened, { httpAllowHalfOpen: true });
    // Past a number it would leave headers out, and the request would mean something else. Its head is bounded already.
    opened.maxHeadersCount = 0;
    opened.on("request", begin(false));
    opened.on("checkContinue", begin(true));
    connections.watch(opened, isTls, () => ++accepted % CONNECTIONS_BETWEEN_LOOKS === 0 && look());
    await listenOn(opened, path === "" ? { host, port } : { path });
    if (path !== "") await Deno.chmod(path, SOCKET_MODE);
    opened.on("error", (error) => log.error("A listener failed: {error}", { error }));
    return opened;
  }

  /** Stops accepting when descriptors run short. */
  function look(): void {
    if (!isAccepting || ending.signal.aborted || spare.hasFree(free)) return;
    isAccepting = false;
    stopAccepting(server);
    tell();
    comeBack();
  }

  async function comeBack(): Promise<void> {
    for await (const _ of turnsUntil(ending.signal)) {
      if (!spare.fill() || !spare.hasFree(free)) continue;
      try {
        const next = await open("port" in address ? address.port : 0);
        if (ending.signal.aborted) return stopAccepting(next);
        server = next;
        isAccepting = true;
        return;
      } catch (error) {
        log.debug("Cannot listen again: {error}", { error });
      }
    }
  }

  return {
    address,
    isAccepting: () => isAccepting || ending.signal.aborted,
    // deno-lint-ignore require-await -- it rejects with what the runtime says of the pair
    async use({ cert, key }) {
      refuseUnusable({ cert, key }, host);
      pair = { cert, key };
      if (isTls) (server as SecureServer).setSecureContext(pair);
    },
    async shutdown() {
      ending.abort();
      clearInterval(looks);
      clearInterval(sweeps);
      stopAccepting(server);
      await connections.end();
      spare.release();
    },
  };
}
