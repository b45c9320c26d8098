import { homedir } from "node:os";
import { ensureDir } from "@std/fs/ensure-dir";
import { join } from "@std/path";
import { run } from "../disk.ts";
import { nodeVersion } from "./node_pipe.ts";

/** npm's own retries take minutes where there is no network. */
const INSTALL_MS = 60_000;

/** Packages of npm for a program that Node runs, each with its version: `@tus/server@2.4.5`. */
export class NpmPackages {
  /** Where they are, outside of the checkout: Node finds them from here. Other versions have another folder. */
  readonly folder: string;
  readonly #packages: readonly string[];

  constructor(packages: readonly string[]) {
    const cache = Deno.env.get("XDG_CACHE_HOME") ?? join(homedir(), ".cache");
    this.folder = join(cache, "pawl-bench", packages.join("+").replaceAll("/", "-"));
    this.#packages = packages;
  }

  /** Installs them unless they are there; says why that cannot be done here, or `undefined` when it is done. */
  async missing(signal: AbortSignal): Promise<string | undefined> {
    if (await nodeVersion() === undefined) return "node is not installed";
    try {
      await this.#install(signal);
    } catch (error) {
      signal.throwIfAborted();
      return `npm cannot install it: ${error instanceof Error ? error.message.split("\n", 1)[0] : error}`;
    }
  }

  async #install(signal: AbortSignal): Promise<void> {
    const { folder } = this;
    const installed = await Deno.stat(join(folder, "installed")).then(() => true, () => false);
    if (installed) return;
    await ensureDir(folder);
    const args = ["install", "--no-audit", "--no-fund", "--no-save", "--prefix", folder, ...this.#packages];
    await run("npm", args, AbortSignal.any([signal, AbortSignal.timeout(INSTALL_MS)]));
    // Not the packages' own folders: npm may have been stopped in the middle.
    await Deno.writeTextFile(join(folder, "installed"), "");
  }
}
