import { STATUS_CODE } from "@std/http/status";
import { isOutOfFiles } from "../errors.ts";
import type { App } from "../http/app.ts";
import { probe } from "./probe.ts";

/** The dependencies of {@linkcode createSelfCheck}. */
export interface SelfCheckDeps {
  /** The address that the server listens on, with or without TLS. */
  readonly address: Deno.NetAddr | Deno.UnixAddr;
  readonly isHttps?: boolean;
  /** The path that everything lies below; empty for the top of the host, and by default. */
  readonly basePath?: string;
  /** False while no connection is accepted after a failure to accept: no more files could be opened. */
  readonly isAccepting: () => boolean;
  readonly app: App;
}

/**
 * Makes the question whether this process serves its clients: it asks for `/healthz` over a connection of its own.
 * Without a free descriptor there is none to be had, and a restart would only break off the uploads that run. Then the
 * request goes to the app alone, which shows that the process answers those who have a connection.
 */
export function createSelfCheck(
  { address, isHttps = false, basePath = "", isAccepting, app }: SelfCheckDeps,
): (patienceMs: number) => Promise<boolean> {
  const url = new URL(`${isHttps ? "https" : "http"}://${hostOf(address)}${basePath}/healthz`);
  const way = "path" in address ? { socketPath: address.path } : {};

  async function byConnection(patienceMs: number): Promise<boolean> {
    try {
      return (await probe(url, { ...way, patienceMs, isOwn: true })).status === STATUS_CODE.OK;
    } catch (error) {
      return (isOutOfFiles(error) || !isAccepting()) && await byApp(patienceMs);
    }
  }

  async function byApp(patienceMs: number): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => late.resolve(false), patienceMs);
    const answered = app(new Request(url, { headers: { host: url.host } }));
    try {
      return await Promise.race([answered.then(({ status }) => status === STATUS_CODE.OK), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  return (patienceMs) => isAccepting() ? byConnection(patienceMs) : byApp(patienceMs);
}

function hostOf(address: Deno.NetAddr | Deno.UnixAddr): string {
  if ("path" in address) return "localhost";
  const { hostname, port } = address;
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
