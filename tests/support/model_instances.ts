import { assertEquals } from "@std/assert";
import { type Connection, createConnection } from "../../server/storage/postgres/connection.ts";
import { parseBucketAddress } from "../../server/storage/s3/address.ts";
import { type OpenBucket, openBucket } from "../../server/storage/s3/open_bucket.ts";
import { probeBucket } from "../../server/storage/s3/probe.ts";
import type { S3Server } from "./ceph.ts";
import { checkPrinted, EXPIRE_MS, type ModelSite, type TakenFile, unnumbered } from "./model_site.ts";
import type { PostgresServer } from "./postgres.ts";
import { type PawlProcess, startPawl } from "./process.ts";
import { sha256Of } from "./sources.ts";
import { tempDir } from "./temp_dir.ts";
import { PATIENCE_MS } from "./until.ts";
import { MAX_BYTES } from "./upload_model.ts";

/** The stores that instances share. */
interface Stores {
  readonly database: Connection;
  readonly bucket: OpenBucket;
}

/** One of the instances. */
interface Instance {
  process: PawlProcess;
  /** How many requests were sent to this process. */
  sent: number;
  /** The addresses at which this process was asked for an upload. */
  readonly met: Set<string>;
}

/** After how long it is looked for objects that came late, as the sweeper does some time. */
const LATE_MS = 2000;

const COUNT = 2;

/** Two server processes on one database and one bucket, that can be killed, and whose time can be advanced. */
export class ModelInstances implements ModelSite {
  readonly count = COUNT;
  readonly #stores: Stores;
  readonly #instances: readonly Instance[];
  readonly #start: (at: number) => Promise<PawlProcess>;
  readonly #end: () => Promise<void>;
  #aheadMs = 0;

  private constructor(
    { stores, instances, start, end }: {
      stores: Stores;
      instances: readonly Instance[];
      start: (at: number, aheadMs: number) => Promise<PawlProcess>;
      end: () => Promise<void>;
    },
  ) {
    this.#stores = stores;
    this.#instances = instances;
    this.#start = (at) => start(at, this.#aheadMs);
    this.#end = end;
  }

  /** Starts two instances in a schema and a bucket of their own. */
  static async start(postgres: PostgresServer, s3: S3Server): Promise<ModelInstances> {
    await using open = new AsyncDisposableStack();
    const { path } = open.use(await tempDir());
    const [schema, address] = [await postgres.schema(), s3.address()];
    const connect = () => createConnection(schema, { deadlineMs: PATIENCE_MS });
    const database = open.adopt(connect(), (connection) => connection.close());
    const bucket = open.use(openBucket(parseBucketAddress(address)));
    // The first bucket of a new store takes many seconds on a busy machine, and a server that waits for it logs a warning.
    await probeBucket(bucket);
    const start = (at: number, aheadMs: number) =>
      startPawl(`${path}/${at}`, {
        script: "tests/support/steered_instance.ts",
        args: [
          ...["--open", "--access-log", "--admin-port", "0"],
          ...["--max-size", String(MAX_BYTES), "--expire-after", `${EXPIRE_MS}ms`],
        ],
        env: { PAWL_DATABASE: schema, PAWL_BUCKET: address, PAWL_TEST_AHEAD_MS: String(aheadMs) },
      });
    const instances: Instance[] = [];
    for (let at = 0; at < COUNT; at++) {
      const instance: Instance = { process: await start(at, 0), sent: 0, met: new Set() };
      open.defer(async () => void await instance.process.stop());
      instances.push(instance);
    }
    const kept = open.move();
    return new ModelInstances({ stores: { database, bucket }, instances, start, end: () => kept.disposeAsync() });
  }

  #at(at: number): Instance {
    const instance = this.#instances[at];
    if (instance === undefined) throw new Error(`There is no instance ${at}`);
    return instance;
  }

  portFor(at: number): number {
    const instance = this.#at(at);
    instance.sent++;
    return instance.process.port;
  }

  met(at: number): Set<string> {
    return this.#at(at).met;
  }

  isSettled(at: number): Promise<boolean> {
    return this.#says(at, `settled ${this.#at(at).sent}`);
  }

  holds(at: number, bytes: number): Promise<boolean> {
    return this.#says(at, `holds ${bytes}`);
  }

  async #says(at: number, line: string): Promise<boolean> {
    return /^true$/m.test(await this.#at(at).process.tell(line));
  }

  async restart(at: number, signal: "SIGKILL" | "SIGTERM", work?: () => Promise<void>): Promise<void> {
    const instance = this.#at(at);
    const [code] = await Promise.all([instance.process.stop(signal), work?.()]);
    if (signal === "SIGTERM") assertEquals(code, 0, `It ended with code ${code}:\n${instance.process.output()}`);
    this.checkLog();
    instance.met.clear();
    instance.sent = 0;
    instance.process = await this.#start(at);
  }

  async advance(part: number): Promise<void> {
    const ms = Math.round(part * EXPIRE_MS);
    this.#aheadMs += ms;
    for (const { process } of this.#instances) await process.tell(`ahead ${ms}`);
    await this.#sweep();
  }

  async #sweep(): Promise<void> {
    for (const { process } of this.#instances) await process.tell("sweep 0");
  }

  async forgetUnfinished(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    do await this.advance(1.2); while ((await this.#left()).length > 0 && performance.now() < deadline);
  }

  /** The unfinished uploads, as database and bucket have them. */
  async #left(): Promise<string[]> {
    const { database, bucket: { bucket } } = this.#stores;
    const rows = await database.query<{ id: string }>("SELECT id FROM bytes");
    const keys = await Array.fromAsync(bucket.list("incoming/"));
    const multiparts = await Array.fromAsync(bucket.multiparts("incoming/"));
    return [...rows.map(({ id }) => `the row ${id}`), ...keys, ...multiparts.map(({ key }) => `parts of ${key}`)];
  }

  checkLog(): void {
    for (const { process } of this.#instances) checkPrinted(process.output());
  }

  async takeFiles(): Promise<TakenFile[]> {
    const begun = performance.now();
    let left = await this.#left();
    while (left.length > 0 && performance.now() < begun + PATIENCE_MS) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (performance.now() > begun + LATE_MS) await this.#lookForLate();
      left = await this.#left();
    }
    assertEquals(left, [], "Something is left of the unfinished uploads");
    const { bucket } = this.#stores.bucket;
    const files: TakenFile[] = [];
    for (const key of await Array.fromAsync(bucket.list("files/"))) {
      const size = (await bucket.head(key))!.length;
      const pieces = size === 0 ? [] : await Array.fromAsync(bucket.read({ key, from: 0, size }));
      files.push({ name: unnumbered(key.slice("files/".length)), sha256: sha256Of(pieces), size });
      await bucket.remove(key);
    }
    return files;
  }

  async #lookForLate(): Promise<void> {
    await this.#stores.database.query("UPDATE late SET due_at = clock_timestamp()");
    await this.#sweep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}
