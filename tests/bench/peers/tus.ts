import { homedir } from "node:os";
import { ensureDir } from "@std/fs/ensure-dir";
import { join } from "@std/path";
import { headOf } from "../client.ts";
import { run } from "../disk.ts";
import { nodeVersion, scriptArgs } from "./node_pipe.ts";
import type { Peer } from "./peer.ts";
import { startProcess } from "./process.ts";
import { SMALL_TUS_ANSWER, smallTusHeaders, uploadByTus } from "./tus_requests.ts";

const PACKAGES = ["@tus/server@2.4.5", "@tus/file-store@2.1.1"];

/** npm's own retries take minutes where there is no network. */
const INSTALL_MS = 60_000;

/** The reference server of the tus protocol, in Node, with its own store; asked as tus-js-client does. */
export const tus: Peer = {
  name: "@tus/server",
  note: `${PACKAGES.join(" with ")} in Node: answers before the bytes are on disk`,

  async missing(signal) {
    if (await nodeVersion() === undefined) return "node is not installed";
    try {
      await install(signal);
    } catch (error) {
      signal.throwIfAborted();
      return `npm cannot install it: ${error instanceof Error ? error.message.split("\n", 1)[0] : error}`;
    }
  },

  async start(dir) {
    const args = [...await scriptArgs("./tus_server.ts"), dir];
    // Node finds the packages from its working folder.
    const server = startProcess("node", args, packageFolder());
    const port = Number(await server.firstLine());
    const url = `http://127.0.0.1:${port}/files`;
    const paths = new Map<string, string>();
    return {
      pid: server.pid,
      async upload(file, signal) {
        const location = await uploadByTus(url, file, signal);
        paths.set(file.name, join(dir, location.slice(location.lastIndexOf("/") + 1)));
      },
      received: (file) => paths.get(file.name) ?? "",
      small: {
        port,
        head: headOf("POST", url, smallTusHeaders(btoa("small"))),
        expect: SMALL_TUS_ANSWER,
        dir,
        isOwn: (name) => name.endsWith(".json"),
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

async function install(signal: AbortSignal): Promise<void> {
  const folder = packageFolder();
  const installed = await Deno.stat(join(folder, "installed")).then(() => true, () => false);
  if (installed) return;
  await ensureDir(folder);
  const args = ["install", "--no-audit", "--no-fund", "--no-save", "--prefix", folder, ...PACKAGES];
  await run("npm", args, AbortSignal.any([signal, AbortSignal.timeout(INSTALL_MS)]));
  // Not the packages' own folders: npm may have been stopped in the middle.
  await Deno.writeTextFile(join(folder, "installed"), "");
}

/** Outside of the checkout, and another one for other versions. */
function packageFolder(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? join(homedir(), ".cache");
  return join(cache, "pawl-bench", PACKAGES.join("+").replaceAll("/", "-"));
}
