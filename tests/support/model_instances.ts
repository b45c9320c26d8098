import { assertEquals } from "@std/assert";
import { type Connection, createConnection } from "../../server/storage/postgres/connection.ts";
import { parseBucketAddress } from "../../server/storage/s3/address.ts";
import { type OpenBucket, openBucket } from "../../server/storage/s3/open_bucket.ts";
import { checkLog, EXPIRE_MS, type ModelServer, startSteered, type TakenFile, takenFile } from "./model_server.ts";
import type { PawlProcess } from "./process.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";
import { PATIENCE_MS, until } from "./until.ts";

/** What the instances share, by its addresses. */
export interface SharedAddresses {
  readonly database: string;
  readonly bucket: string;
}

/** Starts two instances, to which requests go in turns. */
export async function startModelInstances(shared: SharedAddresses): Promise<ModelServer> {
  const dir = await tempDir();
  return new Instances(dir, shared, await startTwo(dir, shared, 0));
}

async function startTwo(
  { path }: TempDir,
  { database, bucket }: SharedAddresses,
  aheadMs: number,
): Promise<readonly PawlProcess[]> {
  const env = { PAWL_DATABASE: database, PAWL_BUCKET: bucket };
  return await Promise.all(["one", "two"].map((name) => startSteered(`${path}/${name}`, aheadMs, env)));
}

class Instances implements ModelServer {
  readonly #dir: TempDir;
  readonly #shared: SharedAddresses;
  readonly #connection: Connection;
  readonly #opened: OpenBucket;
  #processes: readonly PawlProcess[];
  #turn = 0;
  #aheadMs = 0;

  constructor(dir: TempDir, shared: SharedAddresses, processes: readonly PawlProcess[]) {
    this.#dir = dir;
    this.#shared = shared;
    this.#processes = processes;
    this.#connection = createConnection(shared.database, { max: 1, deadlineMs: PATIENCE_MS });
    this.#opened = openBucket(parseBucketAddress(shared.bucket));
  }

  get port(): number {
    return this.#processes[this.#turn % this.#processes.length]!.port;
  }

  next(): void {
    this.#turn++;
  }

  async restart(signal: "SIGKILL" | "SIGTERM", work?: () => Promise<void>): Promise<void> {
    const [codes] = await Promise.all([Promise.all(this.#processes.map((each) => each.stop(signal))), work?.()]);
    if (signal === "SIGTERM") assertEquals(codes, [0, 0], this.#processes.map((each) => each.output()).join("\n"));
    this.checkLog();
    this.#processes = await startTwo(this.#dir, this.#shared, this.#aheadMs);
  }

  async advance(part: number): Promise<void> {
    const ms = Math.round(part * EXPIRE_MS);
    this.#aheadMs += ms;
    for (const each of this.#processes) await each.tell(`advance ${ms}`);
  }

  async forgetUnfinished(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    do await this.advance(1.2); while ((await this.#rows()).length > 0 && performance.now() < deadline);
  }

  /** Bytes that an instance has received show nowhere before they are recorded. */
  holds(): Promise<boolean> {
    return Promise.resolve(false);
  }

  checkLog(): void {
    for (const each of this.#processes) checkLog(each.output());
  }

  async takeFiles(): Promise<TakenFile[]> {
    const { bucket } = this.#opened;
    const files: TakenFile[] = [];
    for (const key of await Array.fromAsync(bucket.list("files/"))) {
      const size = (await bucket.head(key))!.length;
      const pieces = await Array.fromAsync(bucket.read({ key, from: 0, size }));
      files.push(takenFile(key.slice("files/".length), await new Blob(pieces as BlobPart[]).bytes()));
      await bucket.remove(key);
    }
    await until(async () => (await this.#rows()).length === 0, "no unfinished upload is left in the database");
    const left = async () => [
      ...await Array.fromAsync(bucket.list("")),
      ...(await Array.fromAsync(bucket.multiparts(""))).map(({ key }) => key),
    ];
    await until(async () => (await left()).length === 0, "nothing is left in the bucket");
    return files;
  }

  #rows(): Promise<object[]> {
    return this.#connection.query("SELECT id FROM bytes");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#processes) await each.stop();
    this.#opened[Symbol.dispose]();
    await this.#connection.close();
    await this.#dir[Symbol.asyncDispose]();
  }
}
