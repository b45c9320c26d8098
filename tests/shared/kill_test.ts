import { assert, assertEquals } from "@std/assert";
import { parseBucketAddress } from "../../server/storage/s3/address.ts";
import { openBucket } from "../../server/storage/s3/open_bucket.ts";
import { extent } from "../support/campaign.ts";
import { cephTest, startCeph } from "../support/ceph.ts";
import { startPostgresPair } from "../support/postgres_pair.ts";
import { type PawlProcess, startPawl } from "../support/process.ts";
import { sha256OfStream, sourceOf } from "../support/sources.ts";
import { startSteppedRelay } from "../support/stepped_relay.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";
import { type Told, type Words, wordsOf } from "./chaos/words.ts";
import { connect } from "../support/raw.ts";

const MIB = 2 ** 20;

/** Of the steps, each so many-th is tried. Each takes the start of a process. */
const STRIDE = Number(Deno.env.get("PAWL_STRIDE") ?? extent({ short: 12, long: 1 }));

/** A file, and the places in it where the requests end that bring it. */
interface Sending {
  readonly protocol: "simple" | "tus";
  readonly ends: readonly number[];
}

interface Site extends AsyncDisposable {
  /** An instance that lives, to which the clients go when the other one is dead. */
  readonly living: PawlProcess;
  /** Starts one that is killed at the step of this number: a request to S3 or the database, or an answer. */
  startDying(diesAt: number): Promise<Dying>;
  /** Starts one more instance, as one that repairs does. */
  startNext(): Promise<PawlProcess>;
  /** The ids below `incoming/` of which the bucket has objects or multipart uploads. */
  unfinished(): Promise<Set<string>>;
}

interface Dying extends AsyncDisposable {
  readonly pawl: PawlProcess;
  /** How many steps it has made since it has started. */
  readonly steps: () => number;
}

async function openSite(): Promise<Site> {
  await using open = new AsyncDisposableStack();
  const { path } = open.use(await tempDir());
  const ceph = open.use(await startCeph());
  const postgres = open.use(await startPostgresPair());
  const bucket = new URL(ceph.address());
  let instances = 0;
  // An instance gets its relays' steps. A database knows its bucket by one address, so that relay stays.
  let step = (_: string) => true;
  const toBucket = open.use(await startSteppedRelay(Number(bucket.port), (what) => step(what)));
  const directPort = bucket.port;
  bucket.port = String(toBucket.port);
  const start = (database: string) =>
    startPawl(`${path}/${++instances}`, {
      args: ["--open"],
      env: { PAWL_DATABASE: database, PAWL_BUCKET: bucket.href, PAWL_LOG_LEVEL: "warning" },
    });
  const address = (port: number) => `postgres://pawl@127.0.0.1:${port}/postgres`;
  const living = open.use(await start(address(postgres.ports[0])));
  const direct = new URL(bucket);
  direct.port = directPort;
  const reader = open.use(openBucket(parseBucketAddress(direct.href)));
  const kept = open.move();
  return {
    living,
    startNext: () => start(address(postgres.ports[0])),
    async startDying(diesAt) {
      await using own = new AsyncDisposableStack();
      let steps = 0;
      step = () => true;
      const toDatabase = own.use(await startSteppedRelay(postgres.ports[0], (what) => step(what)));
      const pawl = own.use(await start(address(toDatabase.port)));
      step = () => {
        if (++steps < diesAt) return true;
        pawl.signal("SIGKILL");
        // The other one goes on by the same relay to the bucket.
        step = () => true;
        return false;
      };
      const kept = own.move();
      return { pawl, steps: () => steps, [Symbol.asyncDispose]: () => kept.disposeAsync() };
    },
    async unfinished() {
      const { bucket } = reader;
      const keys = await Array.fromAsync(bucket.list("incoming/"));
      const open = (await Array.fromAsync(bucket.multiparts("incoming/"))).map(({ key }) => key);
      return new Set([...keys, ...open].map((key) => key.split("/")[1]!));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** The refusal of a request that starts at another offset than the upload has. */
class WrongOffset extends Error {}

/** A client that knows what was acknowledged. */
class Client {
  readonly id: string;
  readonly #sending: Sending;
  readonly #words: Words;
  readonly #size: number;
  readonly #number: number;
  #location: string | undefined;
  #acknowledged = 0;
  #isBegun = false;

  constructor(number: number, sending: Sending) {
    this.id = `file-${number}`;
    this.#number = number;
    this.#sending = sending;
    this.#size = sending.ends.at(-1)!;
    this.#words = wordsOf(sending.protocol, { id: this.id, size: this.#size });
  }

  /** Sends the file from where it stands, to its end. Throws when the server is gone. */
  async send(pawl: PawlProcess): Promise<void> {
    const { begin } = this.#words;
    if (this.#location === undefined && begin !== undefined) await this.#exchange(pawl, begin);
    const { offset, isComplete } = this.#isBegun
      ? await this.#exchange(pawl, this.#words.ask(this.#location))
      : { offset: 0, isComplete: false };
    this.#isBegun = true;
    let at = offset;
    for (const end of isComplete ? [] : this.#sending.ends) {
      if (end <= at && end < this.#size) continue;
      at = (await this.#exchange(pawl, this.#words.send(at, end, this.#location), at, end)).offset;
    }
  }

  /**
   * Sends the rest at another instance. What the dead one had told the database may be done only after the question for the
   * offset: then the client is refused, and asks once more, as every client does.
   */
  async goOn(pawl: PawlProcess): Promise<void> {
    try {
      await this.send(pawl);
    } catch (error) {
      if (!(error instanceof WrongOffset)) throw error;
      await this.send(pawl);
    }
  }

  /** Reads the finished file at a server, and compares it; then removes it. Gives the id that its objects had. */
  async check(pawl: PawlProcess): Promise<string> {
    const answer = await fetch(pawl.url + this.#location);
    assertEquals(answer.status, 200);
    const { sha256 } = this.#source();
    assertEquals(await sha256OfStream(answer.body!), { sha256, size: this.#size });
    const removed = await fetch(pawl.url + this.#location, { method: "DELETE" });
    assertEquals([removed.status, await removed.text()], [204, ""]);
    return this.#location!.split("/").at(-1)!;
  }

  async #exchange({ port }: PawlProcess, request: string, start = 0, end = 0): Promise<Told> {
    using connection = await connect(port);
    await connection.send(request);
    for (const piece of this.#source().pieces(start, end)) await connection.send(piece);
    const answer = await connection.answer(request.startsWith("HEAD ") ? "HEAD" : undefined);
    const told = this.#words.read(answer);
    if (told === undefined) {
      const message = `${request.split("\r\n")[0]} is answered with ${answer.status} ${answer.body}`;
      throw answer.headers.get("x-error") === "wrong-offset" ? new WrongOffset(message) : new Error(message);
    }
    assert(told.offset >= this.#acknowledged, `${told.offset} of ${this.#acknowledged} acknowledged bytes`);
    this.#acknowledged = told.offset;
    this.#location = told.location ?? this.#location;
    return told;
  }

  #source() {
    return sourceOf(this.#number, this.#size);
  }
}

/** Kills an instance at its steps, one run for each; each time another one goes on. Gives how many steps there are. */
async function killAtEachStep(site: Site, sending: Sending, first: number): Promise<number> {
  const ids: string[] = [];
  for (let diesAt = first;; diesAt += STRIDE) {
    const client = new Client(diesAt, sending);
    await using dying = await site.startDying(diesAt);
    const failure = await client.send(dying.pawl).then(() => undefined, (error) => error);
    // What it does behind its answers has steps too.
    const isDead = dying.steps() >= diesAt;
    if (isDead) await dying.pawl.ended();
    else if (failure !== undefined) throw failure;
    try {
      await client.goOn(site.living);
      ids.push(await client.check(site.living));
    } catch (cause) {
      throw new Error(`${sending.protocol}, killed at step ${diesAt}, ${failure}: ${cause}`, { cause });
    }
    if (!isDead) {
      await assertNothingLeft(site, ids);
      return dying.steps();
    }
  }
}

/** What the dead ones left, the repair of the next start removes. */
async function assertNothingLeft(site: Site, ids: readonly string[]): Promise<void> {
  await using _next = await site.startNext();
  await until(async () => {
    const left = await site.unfinished();
    return !ids.some((id) => left.has(id));
  }, "nothing of the finished uploads is left in the bucket");
}

cephTest(
  "an instance that is killed between any two requests to S3 and the database loses nothing, and leaves nothing",
  async () => {
    await using site = await openSite();
    const cases: readonly Sending[] = [
      { protocol: "simple", ends: [5000] },
      { protocol: "tus", ends: [3 * MIB, 10 * MIB, 19 * MIB] },
      // From the fourth append on the lease rests before it.
      { protocol: "tus", ends: [100, 200, 300, 400, 500, 600].map((length) => length * 1000) },
    ];
    for (const [turn, sending] of cases.entries()) {
      const steps = await killAtEachStep(site, sending, 1 + turn);
      assert(steps > 10, `${steps} steps`);
    }
  },
);
