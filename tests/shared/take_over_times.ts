import { delay } from "@std/async/delay";
import { percentile } from "../bench/stats.ts";
import { startCeph } from "../support/ceph.ts";
import { startPostgres } from "../support/postgres.ts";
import { type PawlProcess, startPawl } from "../support/process.ts";
import { connect, type RawConnection } from "../support/raw.ts";
import { sha256OfStream, sourceOf } from "../support/sources.ts";
import { tempDir } from "../support/temp_dir.ts";
import { type Told, type Words, wordsOf } from "./chaos/words.ts";

// Measures how long an upload takes to go on at another instance, and prints a table: from the first request there to the
// acknowledgement of 64 KiB. PAWL_ROUNDS says how often each case is tried. Exits with 1 when one takes too long.

/** The goal for the 99th percentile of each case, in milliseconds, with the default silence. */
const MUST_MS = 500;

const ROUNDS = Number(Deno.env.get("PAWL_ROUNDS") ?? 30);
const BEFORE = 3 * 2 ** 20 + 17;
const MORE = 64 * 1024;
const SIZE = BEFORE + MORE + 2 ** 20;

/** What has become of the instance that had the upload. */
type Holder = "alive" | "its client silent" | "SIGSTOP" | "kill -9";

/** An upload by tus. */
class Upload {
  readonly #words: Words;
  readonly #source;
  location = "";

  constructor(number: number) {
    this.#source = sourceOf(number, SIZE);
    this.#words = wordsOf("tus", { id: `file-${number}`, size: SIZE });
  }

  async create({ port }: PawlProcess): Promise<void> {
    using connection = await connect(port);
    await connection.send(this.#words.begin!);
    this.location = (await this.#told(connection)).location!;
  }

  async ask({ port }: PawlProcess): Promise<number> {
    using connection = await connect(port);
    await connection.send(this.#words.ask(this.location));
    return (await this.#told(connection, "HEAD")).offset;
  }

  async append({ port }: PawlProcess, start: number, end: number): Promise<number> {
    using connection = await connect(port);
    await connection.send(this.#words.send(start, end, this.location));
    await connection.send(this.#source.bytes(start, end));
    return (await this.#told(connection)).offset;
  }

  /** Begins a request for all bytes of which the last ones do not come. */
  async hang({ port }: PawlProcess): Promise<RawConnection> {
    const connection = await connect(port);
    await connection.send(this.#words.send(0, SIZE, this.location));
    await connection.send(this.#source.bytes(0, BEFORE));
    return connection;
  }

  /** Finishes the upload, and compares the file. */
  async finish(pawl: PawlProcess): Promise<void> {
    await this.append(pawl, await this.ask(pawl), SIZE);
    const answer = await fetch(pawl.url + this.location);
    const { sha256 } = await sha256OfStream(answer.body!);
    if (sha256 !== this.#source.sha256) throw new Error(`${this.location} has other bytes than were sent`);
    await fetch(pawl.url + this.location, { method: "DELETE" });
  }

  async #told(connection: RawConnection, to?: "HEAD"): Promise<Told> {
    const answer = await connection.answer(to);
    const told = this.#words.read(answer);
    if (told === undefined) throw new Error(`${answer.status} ${answer.body}`);
    return told;
  }
}

await using open = new AsyncDisposableStack();
const { path } = open.use(await tempDir());
const ceph = open.use(await startCeph());
const postgres = open.use(await startPostgres({ isDurable: true }));
const env = { PAWL_DATABASE: await postgres.schema(), PAWL_BUCKET: ceph.address(), PAWL_LOG_LEVEL: "error" };
const start = (name: string) => startPawl(`${path}/${name}`, { env, args: ["--open"] });
let one = await start("one");
open.defer(() => one[Symbol.asyncDispose]());
const other = open.use(await start("other"));
let uploads = 0;

/** One round: gives how long the upload took to go on at the other instance, in milliseconds. */
async function measure(holder: Holder): Promise<number> {
  const upload = new Upload(++uploads);
  await upload.create(one);
  using hanging = await upload.hang(one);
  await delay(holder === "its client silent" ? 300 : 30);
  if (holder === "SIGSTOP" || holder === "kill -9") one.signal(holder === "SIGSTOP" ? "SIGSTOP" : "SIGKILL");
  const begunAt = performance.now();
  // A client that knows what it has sent does not ask, unless it is refused.
  let offset = holder === "alive" ? BEFORE : await upload.ask(other);
  const append = () => upload.append(other, offset, offset + MORE);
  const acknowledged = await append().catch(async () => {
    offset = await upload.ask(other);
    return await append();
  });
  if (acknowledged !== offset + MORE) throw new Error("Not all was acknowledged");
  const took = performance.now() - begunAt;
  if (holder === "SIGSTOP") {
    // Other bytes come to the instance that has lost the upload: none may enter.
    const sending = hanging.send(new Uint8Array(512 * 1024));
    one.signal("SIGCONT");
    await Promise.all([sending, hanging.answer()]);
  } else if (holder === "kill -9") {
    await one.ended();
    one = await start("one");
  }
  await upload.finish(one);
  return took;
}

function row(holder: Holder, times: readonly number[]): string {
  const at = (share: number) => Math.round(percentile(times, share));
  return `| ${holder.padEnd(17)} | ${[at(0.5), at(0.99), at(1)].map((ms) => String(ms).padStart(5)).join(" | ")} |`;
}

// deno-lint-ignore no-console -- this program prints a table
const print = console.log;
print(`| the holder is     | p50 ms | p99 ms | worst of ${ROUNDS} |`);
for (const holder of ["alive", "its client silent", "SIGSTOP", "kill -9"] as const) {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await measure(holder));
  print(row(holder, times));
  if (percentile(times, 0.99) >= MUST_MS) Deno.exitCode = 1;
}
