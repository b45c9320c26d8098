import { join } from "@std/path";
import { type PawlProcess, startPawl } from "../../../support/process.ts";
import type { Stores } from "../stores.ts";

/** Some instances of one server. */
export interface Instances extends AsyncDisposable {
  readonly servers: readonly PawlProcess[];
}

/** Starts instances of this checkout on the stores, as a user does. `dir` gets their folders, which stay empty. */
export async function startInstances(stores: Stores, dir: string, count: number): Promise<Instances> {
  await using open = new AsyncDisposableStack();
  const env = { ...stores.env, PAWL_LOG_LEVEL: "warning", PAWL_OPEN: "true" };
  const start = async (at: number) => open.use(await startPawl(join(dir, `instance-${at}`), { env }));
  const servers = await Promise.all(Array.from({ length: count }, (_, at) => start(at)));
  const kept = open.move();
  return { servers, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
