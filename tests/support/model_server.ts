import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { startPawl } from "./process.ts";
import { sha256Of } from "./sources.ts";
import { PATIENCE_MS } from "./until.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";
import { MAX_BYTES } from "./upload_model.ts";

/** How long an unfinished upload is kept after its last byte. */
const EXPIRE_MS = 7 * 86_400_000;
/** How long a request may take until its bytes are on disk; one that takes longer is only not known to be there. */
const HOLD_MS = 150;

/**
 * A server process on a data folder of its own, that can be killed and started again, and whose time can be advanced.
 */
export class ModelServer implements AsyncDisposable {
  readonly #dir: TempDir;
  #process: Awaited<ReturnType<typeof startPawl>>;
  #aheadMs = 0;
  /** The addresses at which this process was asked for an upload. */
  readonly met = new Set<string>();

  private constructor(dir: TempDir, process: Awaited<ReturnType<typeof startPawl>>) {
    this.#dir = dir;
    this.#process = process;
  }

  static async start(): Promise<ModelServer> {
    const dir = await tempDir();
    return new ModelServer(dir, await startSteered(dir.path, 0));
  }

  get port(): number {
    return this.#process.port;
  }

  get url(): string {
    return this.#process.url;
  }

  /** Ends the process by a signal; meanwhile does `work`. Returns when a new process listens. */
  async restart(signal: "SIGKILL" | "SIGTERM", work?: () => Promise<void>): Promise<void> {
    const [code] = await Promise.all([this.#process.stop(signal), work?.()]);
    if (signal === "SIGTERM") assertEquals(code, 0, `It ended with code ${code}:\n${this.#process.output()}`);
    this.checkLog();
    this.met.clear();
    this.#process = await startSteered(this.#dir.path, this.#aheadMs);
  }

  /** Lets a part of the time pass that unfinished uploads are kept, and what is past its time be removed. */
  async advance(part: number): Promise<void> {
    const ms = Math.round(part * EXPIRE_MS);
    this.#aheadMs += ms;
    await this.#process.tell(`advance ${ms}`);
  }

  /** Lets so much time pass that no unfinished upload is left, as soon as nobody writes to any. */
  async forgetUnfinished(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    do await this.advance(1.2); while (
      (await namesIn(join(this.#dir.path, "incoming"))).length > 0 && performance.now() < deadline
    );
  }

  /** Waits, though not long, until an unfinished upload has that many bytes on disk; says whether one has. */
  async holds(bytes: number): Promise<boolean> {
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

  /** Throws when the server has logged an error or a warning. */
  checkLog(): void {
    const complaint = this.#process.output().split("\n").find((line) => / \[(?:ERROR|WARNING|FATAL)\] /.test(line));
    if (complaint !== undefined) throw new Error(`The server has logged: ${complaint}`);
  }

  /**
   * Takes the finished files out of the server's folder; gives what they were, by their names without the number that
   * tells files of one name apart. Throws when something is left among the unfinished ones.
   */
  async takeFiles(): Promise<{ name: string; sha256: string; size: number }[]> {
    const folder = join(this.#dir.path, "files");
    const files: { name: string; sha256: string; size: number }[] = [];
    for (const name of await namesIn(folder)) {
      const bytes = await Deno.readFile(join(folder, name));
      files.push({ name: name.replace(/ \(\d+\)(?=\.bin$)/, ""), sha256: sha256Of([bytes]), size: bytes.length });
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
