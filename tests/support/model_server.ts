import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { checkPrinted, EXPIRE_MS, type ModelSite, type TakenFile, unnumbered } from "./model_site.ts";
import { startPawl } from "./process.ts";
import { sha256Of } from "./sources.ts";
import { PATIENCE_MS } from "./until.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";
import { MAX_BYTES } from "./upload_model.ts";

/** How long a request may take until its bytes are on disk; one that takes longer is only not known to be there. */
const HOLD_MS = 150;

/**
 * A server process on a data folder of its own, that can be killed and started again, and whose time can be advanced.
 */
export class ModelServer implements ModelSite {
  readonly count = 1;
  readonly #dir: TempDir;
  #process: Awaited<ReturnType<typeof startPawl>>;
  #aheadMs = 0;
  readonly #met = new Set<string>();

  private constructor(dir: TempDir, process: Awaited<ReturnType<typeof startPawl>>) {
    this.#dir = dir;
    this.#process = process;
  }

  static async start(): Promise<ModelServer> {
    const dir = await tempDir();
    return new ModelServer(dir, await startSteered(dir.path, 0));
  }

  portFor(): number {
    return this.#process.port;
  }

  met(): Set<string> {
    return this.#met;
  }

  /** One process takes requests in their order. */
  isSettled(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async restart(_at: number, signal: "SIGKILL" | "SIGTERM", work?: () => Promise<void>): Promise<void> {
    const [code] = await Promise.all([this.#process.stop(signal), work?.()]);
    if (signal === "SIGTERM") assertEquals(code, 0, `It ended with code ${code}:\n${this.#process.output()}`);
    this.checkLog();
    this.#met.clear();
    this.#process = await startSteered(this.#dir.path, this.#aheadMs);
  }

  async advance(part: number): Promise<void> {
    const ms = Math.round(part * EXPIRE_MS);
    this.#aheadMs += ms;
    await this.#process.tell(`advance ${ms}`);
  }

  async forgetUnfinished(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    do await this.advance(1.2); while (
      (await namesIn(join(this.#dir.path, "incoming"))).length > 0 && performance.now() < deadline
    );
  }

  async holds(_at: number, bytes: number): Promise<boolean> {
    const folder = join(this.#dir.path, "incoming");
    const deadline = performance.now() + HOLD_MS;
    while (performance.now() < deadline) {
      for (const name of await namesIn(folder)) {
        const size = await Deno.stat(join(folder, name)).then((info) => info.size, () => undefined);
        if (size === bytes) return true;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return false;
  }

  checkLog(): void {
    checkPrinted(this.#process.output());
  }

  async takeFiles(): Promise<TakenFile[]> {
    const folder = join(this.#dir.path, "files");
    const files: TakenFile[] = [];
    for (const name of await namesIn(folder)) {
      const bytes = await Deno.readFile(join(folder, name));
      files.push({ name: unnumbered(name), sha256: sha256Of([bytes]), size: bytes.length });
      await Deno.remove(join(folder, name));
    }
    const deadline = performance.now() + PATIENCE_MS;
    let left = await namesIn(join(this.#dir.path, "incoming"));
    while (left.length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      left = await namesIn(join(this.#dir.path, "incoming"));
    }
    assertEquals(left, [], "Something is left among the unfinished uploads");
    return files;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    await this.#dir[Symbol.asyncDispose]();
  }
}

function startSteered(data: string, aheadMs: number): ReturnType<typeof startPawl> {
  return startPawl(data, {
    script: "tests/support/steered_server.ts",
    args: ["--max-size", String(MAX_BYTES), "--min-free", "none", "--expire-after", `${EXPIRE_MS}ms`],
    env: { PAWL_TEST_AHEAD_MS: String(aheadMs) },
  });
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names;
}
