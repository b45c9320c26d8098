import type { App } from "../../server/http/app.ts";
import { listenNode, type NodeListener, type NodeListenerOptions } from "../../server/http/node_listener.ts";
import { type MemoryLog, memoryLog } from "./log.ts";

/** Spare descriptors for a listener that never runs short. */
export const NO_SPARE = {
  fill: () => true,
  hasFree: () => true,
  release() {},
  lend: <T>(open: () => T) => open(),
};

/** A listener on `node:http` with an app of the test's own. */
export interface NodeListening extends AsyncDisposable {
  readonly listener: NodeListener;
  readonly port: number;
  readonly log: MemoryLog;
}

/** Starts a listener on a free port of 127.0.0.1; use with `await using`. */
export async function listening(app: App, options: Partial<NodeListenerOptions> = {}): Promise<NodeListening> {
  const log = memoryLog();
  const common = { host: "127.0.0.1", port: 0, log, spare: NO_SPARE, interim: () => "auto" as const };
  const listener = await listenNode({ ...common, ...options }, app);
  const port = "port" in listener.address ? listener.address.port : 0;
  return { listener, port, log, [Symbol.asyncDispose]: () => listener.shutdown() };
}
