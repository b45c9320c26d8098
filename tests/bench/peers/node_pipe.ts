import { stripTypeScriptTypes } from "node:module";
import { join } from "@std/path";
import { request } from "../client.ts";
import { versionOf } from "../disk.ts";
import type { Peer } from "./peer.ts";
import { startProcess } from "./process.ts";

/** A plain Node server that pipes the request into a file. */
export const nodePipe: Peer = {
  name: "node-pipe",
  note: "req.pipe(createWriteStream()): answers before the bytes are on disk",
  missing: async () => await nodeVersion() === undefined ? "node is not installed" : undefined,
  async start(dir) {
    const server = startProcess("node", [...await scriptArgs("./node_pipe_server.ts"), dir], dir);
    const url = `http://127.0.0.1:${await server.firstLine()}`;
    return {
      pid: server.pid,
      upload: async (file, signal) => void await request({ method: "POST", url: `${url}/${file.name}`, file }, signal),
      received: (file) => join(dir, file.name),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

/** Node's version, such as `v20.20.2`, or `undefined` when it is not installed. */
export async function nodeVersion(): Promise<string | undefined> {
  const version = await versionOf("node");
  // Deno.Command starts Deno itself, as "deno 2.9.6 (…)", when there is no node on the PATH.
  return version?.startsWith("v") ? version : undefined;
}

/** The arguments by which Node runs a module of this folder. */
export async function scriptArgs(module: string | URL): Promise<string[]> {
  const source = await Deno.readTextFile(new URL(module, import.meta.url));
  // The Node on the machine may be too old to strip types by itself.
  return ["--input-type=module", "-e", stripTypeScriptTypes(source)];
}
