import { stripTypeScriptTypes } from "node:module";
import { join } from "@std/path";
import { post } from "./client.ts";
import { versionOf } from "./disk.ts";
import type { Peer } from "./peer.ts";

/** A plain Node server that pipes the request into a file. */
export const nodePipe: Peer = {
  name: "node-pipe",
  note: "req.pipe(createWriteStream()): answers before the bytes are on disk",
  missing: async () => await nodeVersion() === undefined ? "node is not installed" : undefined,
  async start(dir) {
    const source = await Deno.readTextFile(new URL("./node_pipe_server.ts", import.meta.url));
    // The Node on the machine may be too old to strip types by itself.
    const args = ["--input-type=module", "-e", stripTypeScriptTypes(source), dir];
    const child = new Deno.Command("node", { args, stdin: "null", stdout: "piped", stderr: "inherit" }).spawn();
    const port = await firstLine(child);
    return {
      pid: child.pid,
      upload: async (file, signal) => void await post(`http://127.0.0.1:${port}/${file.name}`, {}, file, signal),
      received: (file) => join(dir, file.name),
      async [Symbol.asyncDispose]() {
        try {
          child.kill("SIGKILL");
        } catch (error) {
          // It has ended by itself.
          if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
        }
        await child.status;
      },
    };
  },
};

/** Node's version, such as `v20.20.2`, or `undefined` when it is not installed. */
export async function nodeVersion(): Promise<string | undefined> {
  const version = await versionOf("node");
  // Deno.Command starts Deno itself, as "deno 2.9.6 (…)", when there is no node on the PATH.
  return version?.startsWith("v") ? version : undefined;
}

async function firstLine(child: Deno.ChildProcess): Promise<string> {
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n")) return text.trim();
  }
  throw new Error(`node ended with code ${(await child.status).code} before it was ready`);
}
