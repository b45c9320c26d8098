import { fromFileUrl } from "@std/path";
import { startProcess } from "../../peers/process.ts";
import type { Stores } from "../stores.ts";

/** The least server, as `least_server.ts` says. */
export interface LeastServer extends AsyncDisposable {
  readonly pid: number;
  /** The address at which its one upload begins. */
  readonly url: string;
}

/** Starts it on the stores. */
export async function startLeast({ env }: Stores): Promise<LeastServer> {
  const root = fromFileUrl(new URL("../../../../", import.meta.url));
  const script = fromFileUrl(new URL("./least_server.ts", import.meta.url));
  const settings = JSON.stringify([env.PAWL_DATABASE, env.PAWL_BUCKET]);
  const server = startProcess(Deno.execPath(), ["run", "-A", "--no-check", script, settings], root);
  const url = `http://127.0.0.1:${await server.firstLine()}/files`;
  return { pid: server.pid, url, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
