import { STATUS_CODE } from "@std/http/status";
import { isOutOfFiles } from "../errors.ts";
import type { App } from "../http/app.ts";
import { probe } from "./probe.ts";

/** The dependencies of {@linkcode createSelfCheck}. */
export interface SelfCheckDeps {
  /** The address that the server listens on. */
  readonly address: Deno.NetAddr;
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
  { address, isAccepting, app }: SelfCheckDeps,
): (patienceMs: number) => Promise<boolean> {
  const { hostname, port } = address;
  const url = new URL(`http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}/healthz`);

  async function byConnection(patienceMs: number): Promise<boolean> {
    try {
      return (await probe(url, { patienceMs, isOwn: true })).status === STATUS_CODE.OK;
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
