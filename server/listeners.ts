import type { Config } from "./config/config.ts";
import { ConfigError } from "./config/config_error.ts";
import { defined } from "./defined.ts";
import type { App } from "./http/app.ts";
import { listenForEach } from "./http/each_listener.ts";
import { listen, type Listener, type PlainListenerOptions } from "./http/listener.ts";
import { listenNode, type NodeListener, type NodeListenerOptions } from "./http/node_listener.ts";
import { createRedirectApp } from "./http/redirect_app.ts";
import { findServeConnection, type ServeConnection } from "./http/runtime_connections.ts";
import { createGate } from "./http/target.ts";
import { listenTls, type TlsListener } from "./http/tls_listener.ts";
import { clearSocket } from "./http/unix_socket.ts";
import type { Log } from "./log.ts";
import type { Spare } from "./storage/disk/descriptors.ts";
import type { KeyPair } from "./tls/key_pair.ts";

/** Everything that the listeners of a server are made with. */
export interface ListenersDeps {
  readonly app: App;
  readonly adminApp: App;
  /** The certificate for HTTPS, if the server speaks it. */
  readonly pair: KeyPair | undefined;
  readonly log: Log;
  readonly spare: Spare;
  /** True when the runtime makes spans. By default it makes none. */
  readonly isTraced?: boolean;
  /** Finds what serves one connection. By default the runtime is asked. */
  readonly findServe?: () => ServeConnection | undefined;
  /** The times of the listeners on `node:http`. By default their own. */
  readonly nodeTimes?: NodeListenerOptions["times"];
}

/** All listeners of a server. */
export interface Listeners {
  /** The listener that clients use. */
  readonly main: Pick<Listener, "address" | "isAccepting">;
  /** The address of the page. On a unix socket it is `unix:` and the path. */
  readonly url: string;
  /** The address of the listener for those who watch the server, if there is one. */
  readonly adminUrl: string | undefined;
  /** The address of the listener that leads to HTTPS, if there is one. */
  readonly redirectUrl: string | undefined;
  /** Gives another certificate to new connections. Rejects with {@linkcode ConfigError} when the runtime refuses it. */
  use(pair: KeyPair): Promise<void>;
  /** Accepts no more connections. Resolves when every request has been answered. Never throws. */
  shutdown(): Promise<void>;
}

/** Opens the listeners that the options ask for. Throws when an address is refused; then none is open. */
export async function openListeners(config: Config, deps: ListenersDeps): Promise<Listeners> {
  const { host, adminPort, httpRedirect, publicUrl, basePath } = config;
  const { adminApp, log, spare } = deps;
  const opened: Listener[] = [];
  const shutdown = async () => void await Promise.all(opened.map((listener) => listener.shutdown()));
  try {
    const listenTo = listenerOf(config, deps);
    const main = await openMain(config, deps, listenTo);
    opened.push(main);
    const admin = adminPort === "none" ? undefined : await listenTo({ ...adminPort, log, spare }, adminApp);
    if (admin !== undefined) opened.push(admin);
    let redirect: Listener | undefined;
    if (httpRedirect !== "none") {
      const httpsPort = () => "port" in main.address ? main.address.port : 443;
      const app = createRedirectApp({ gate: createGate({ ...config, basePath: "" }), publicUrl, httpsPort });
      redirect = await orExplain(
        "--http-redirect",
        httpRedirect,
        () => listenTo({ host, port: httpRedirect, log, spare }, app),
      );
      opened.push(redirect);
    }
    return {
      main,
      url: urlOf(main.address, deps.pair === undefined ? "http" : "https", basePath),
      adminUrl: admin === undefined ? undefined : urlOf(admin.address, "http"),
      redirectUrl: redirect === undefined ? undefined : urlOf(redirect.address, "http"),
      async use(pair) {
        if (!("use" in main)) throw new ConfigError("this version of Deno needs a restart of the server for that");
        await main.use(pair).catch((error) => {
          throw explained(error);
        });
      },
      shutdown,
    };
  } catch (error) {
    await shutdown();
    throw error;
  }
}

type Listen = (options: PlainListenerOptions, app: App) => Listener | Promise<NodeListener>;

/**
 * The function that listens, by `--listener`. On a unix socket and with spans, `Deno.serve` would not say which requests
 * follow a CONNECT on its connection (`http/tunnels.ts`). So each connection is served by itself then, if the runtime can.
 */
function listenerOf(
  config: Config,
  { nodeTimes: times, isTraced = false, findServe = () => findServeConnection() }: ListenersDeps,
): Listen {
  if (config.listener === "node") {
    const interim = () => config.interim;
    return (options, app) => listenNode({ ...options, interim, ...defined({ times }) }, app);
  }
  const serveConnection = findServe();
  if (serveConnection === undefined) return listen;
  return (options, app) =>
    isTraced || options.path !== undefined ? listenForEach({ ...options, serveConnection }, app) : listen(options, app);
}

async function openMain(
  { host, port, unixSocket, listener, http2 }: Config,
  { app, pair, log, spare, findServe = () => findServeConnection() }: ListenersDeps,
  listenTo: Listen,
): Promise<Listener | TlsListener | NodeListener> {
  const options = { host, port, log, spare };
  if (unixSocket !== "") {
    await clearSocket(unixSocket);
    return await listenTo({ ...options, path: unixSocket }, app);
  }
  return await orExplain("--port", port, async () => {
    if (pair === undefined) return await listenTo(options, app);
    try {
      const serveConnection = listener === "node" ? undefined : findServe();
      if (serveConnection !== undefined) {
        return listenTls({ ...options, pair, http2: http2 === "on", serveConnection }, app);
      }
      if (listener === "deno" && http2 === "off") {
        throw new ConfigError("--http2 off does not work with this version of Deno: give --listener node");
      }
      return await listenTo({ ...options, pair }, app);
    } catch (error) {
      throw explained(error);
    }
  });
}

/** Listens on a port that an option gives. Throws {@linkcode ConfigError} when this user may not, or the port is taken. */
async function orExplain<T>(flag: string, port: number, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) {
      throw new ConfigError(
        `Pawl cannot start: another program listens on this port, ${port}; stop it, or choose another one by ${flag}`,
      );
    }
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new ConfigError(
      `Pawl cannot start: this user may not listen on port ${port}; choose one from 1024 on by ${flag}, or let it by ` +
        "AmbientCapabilities=CAP_NET_BIND_SERVICE of systemd",
    );
  }
}

/** Says in one line what is wrong with a certificate or key that the runtime refuses. Gives any other error as it is. */
function explained(error: unknown): unknown {
  if (!(error instanceof Error) || !/private key|keys? |certificate/i.test(error.message)) return error;
  const why = error.message.replaceAll(/\s+/g, " ");
  return new ConfigError(
    `HTTPS does not work with the files of --cert and --key (${why}): ` +
      "the key must be ECDSA (P-256 or P-384), Ed25519, or RSA of 2048 bits or more",
  );
}

function urlOf(address: Listener["address"], scheme: "http" | "https", basePath = ""): string {
  if ("path" in address) return `unix:${address.path}`;
  const { hostname, port } = address;
  const isLocal = ["127.0.0.1", "::1", "0.0.0.0", "::"].includes(hostname);
  const host = isLocal ? "localhost" : hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${scheme}://${host}:${port}${basePath}/`;
}
