import { addToken, type WantedToken } from "../../server/access/token_command.ts";
import { USUAL_RIGHTS } from "../../server/model/rights.ts";
import { shareStorage } from "../../server/shared_storage.ts";
import { createTokens } from "../../server/storage/kv/tokens.ts";
import { type Connection, createConnection } from "../../server/storage/postgres/connection.ts";
import { createEntries } from "../../server/storage/postgres/entries.ts";
import { Held } from "../../server/storage/postgres/held.ts";
import { migrate } from "../../server/storage/postgres/migrate.ts";
import type { Bucket } from "../../server/storage/s3/bucket.ts";
import { type Answer, ask, type SentHeaders } from "./ask.ts";
import { MemoryObjects } from "./memory_bucket.ts";
import { openTestApp, type TestApp, type Wishes } from "./pawl.ts";
import type { PostgresServer } from "./postgres.ts";
import { bearer } from "./tokens.ts";
import { PATIENCE_MS } from "./until.ts";

/** One of the instances of a test. */
export interface SharedInstance {
  readonly pawl: TestApp;
  /** Sends a request, from `address` if there is one. */
  ask(line: string, headers?: SentHeaders, options?: { body?: BodyInit; address?: string }): Promise<Answer>;
}

/** Instances in this process, on one PostgreSQL and one bucket in memory. */
export interface SharedSite extends AsyncDisposable {
  readonly instances: readonly SharedInstance[];
  readonly objects: MemoryObjects;
  /** The address of the database's schema. */
  readonly url: string;
  /** From now on the instance at `index` hears nothing of the others, as if it was stopped. Its own calls go on. */
  silence(index: number): void;
  /** Runs a statement in the database. */
  run<Row extends object>(statement: string): Promise<Row[]>;
  /** The headers of a new token's holder. */
  token(wanted: Pick<WantedToken, "name"> & Partial<WantedToken>): Promise<{ Authorization: string }>;
}

export interface SharedWishes extends Wishes {
  /** How many instances there are; two by default. */
  readonly count?: number;
  /** Puts something around the bucket of the instance at `index`, such as a gate that a test opens. */
  readonly slowed?: (bucket: Bucket, index: number) => Bucket;
  /** Puts something around the database of the instance at `index`, such as what loses a statement. */
  readonly steered?: (connection: Connection, index: number) => Connection;
  /** The address of a schema that another site of the test has used. */
  readonly url?: string;
  readonly objects?: MemoryObjects;
  /**
   * After how long without a word an instance counts as dead or stopped, in milliseconds: for tests in which one is. By
   * default after all patience, so that a busy one is not taken for silent.
   */
  readonly silenceMs?: number;
}

/** Opens instances that share a new schema of the server. */
export async function openSharedSite(server: PostgresServer, wishes: SharedWishes = {}): Promise<SharedSite> {
  const {
    count = 2,
    slowed = (bucket) => bucket,
    steered = (connection) => connection,
    objects = new MemoryObjects(),
    url = await server.schema(),
    silenceMs = PATIENCE_MS,
    ...more
  } = wishes;
  await using open = new AsyncDisposableStack();
  const own = open.adopt(createConnection(url, { deadlineMs: PATIENCE_MS }), (connection) => connection.close());
  await migrate(own);
  const instances: SharedInstance[] = [];
  const silent = new Set<number>();
  const connect = (index: number): Connection => {
    const connection = createConnection(url, { deadlineMs: PATIENCE_MS });
    return {
      ...connection,
      listen: (channel, heard, listening) =>
        connection.listen(channel, (message) => silent.has(index) || heard(message), listening),
    };
  };
  for (let index = 0; index < count; index++) {
    const openStorage: NonNullable<Wishes["openStorage"]> = (_config, deps) =>
      shareStorage({
        connection: steered(connect(index), index),
        bucket: slowed(objects.client(), index),
        bucketName: "memory",
        probe: () => Promise.resolve(true),
        closeBucket() {},
        waits: { silenceMs, patienceMs: PATIENCE_MS },
      }, deps);
    const pawl = open.use(await openTestApp({ host: "0.0.0.0", ...more, openStorage }));
    instances.push({ pawl, ask: (line, headers, options) => ask(pawl, line, headers, options) });
  }
  const kept = open.move();
  return {
    instances,
    objects,
    url,
    silence: (index) => void silent.add(index),
    run: <Row extends object>(statement: string) => own.query<Row>(statement),
    async token(wanted) {
      const store = createTokens(createEntries(own, new Held()));
      const secret = await addToken(store, { owner: wanted.name, rights: USUAL_RIGHTS, ...wanted }, Date.now());
      return bearer(secret);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
