import { assert, assertEquals, AssertionError } from "@std/assert";
import { join } from "@std/path";
import { extent } from "../support/campaign.ts";
import { type PawlProcess, startPawl } from "../support/process.ts";
import { type Receiver, SECRET, startReceiver } from "../support/receiver.ts";
import { Random, seedOfRun, withSeed } from "../support/random.ts";
import { sha256OfStream } from "../support/sources.ts";
import { untilNothingUnfinished } from "../support/incoming.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";
import { drawPlan, LONG_BYTES, type SizeClass, traitOf } from "./kill_plan.ts";
import { type KilledFile, KilledForm } from "./killed_form.ts";
import { KilledUpload, type OnEvent, type Tally } from "./killed_upload.ts";
import { assertNoComplaint, filesBelow, inParallel, report } from "./run.ts";

/** Each client has one upload at a time; the long ones come first. */
const CLIENTS: readonly SizeClass[] = ["any", "any", "any", "any", "small", "small", "small", "small", "small"];
const LONG_UPLOADS = extent({ short: 1, long: 4 });

const NAME =
  "kill -9, again and again: what was acknowledged is there, every file ends as it was sent, and a webhook hears of it";

Deno.test(NAME, async () => {
  const kills = Number(Deno.env.get("PAWL_KILLS") ?? extent({ short: 4, long: 100 }));
  const random = new Random(seedOfRun());
  await using dir = await tempDir();
  await using receiver = startReceiver();
  const run = new KillRun(dir.path, random, receiver);
  await withSeed(random.seed, async () => {
    for (let kill = 0; kill < kills; kill++) await run.killOnce();
    await run.finish();
  }, () => run.output());
  report(
    `${kills} kills; ${run.uploads.length} uploads; ${run.formFiles.length} files in forms; ${run.tally.counts} acknowledged counts checked; ` +
      `${run.tally.bytes} bytes compared; ${receiver.received.length} events heard of; PAWL_SEED=${random.seed}`,
  );
});

class KillRun {
  readonly uploads: KilledUpload[] = [];
  /** The files of all forms. */
  readonly formFiles: KilledFile[] = [];
  readonly tally: Tally = { counts: 0, bytes: 0 };
  /** The output of the last server. */
  output = () => "";
  readonly #data: string;
  readonly #random: Random;
  /** The upload that each client works at. */
  readonly #current: (KilledUpload | undefined)[] = CLIENTS.map(() => undefined);
  #form: KilledForm | undefined;
  /** The finished files that were there at the last look, and what was in them. */
  #there: ReadonlyMap<string, { version: string; trait: string }> = new Map();

  readonly #receiver: Receiver;

  constructor(data: string, random: Random, receiver: Receiver) {
    this.#data = data;
    this.#random = random;
    this.#receiver = receiver;
  }

  async #start(): Promise<PawlProcess> {
    const args = ["--webhook", this.#receiver.url, "--webhook-allow-private"];
    const pawl = await startPawl(this.#data, { args, env: { PAWL_WEBHOOK_SECRET: SECRET } });
    this.output = pawl.output;
    return pawl;
  }

  /** Starts the server, lets the clients work, kills it, and looks at what it leaves. */
  async killOnce(): Promise<void> {
    await using pawl = await this.#start();
    const random = this.#random.fork();
    // Sometimes while it repairs what the last kill has left.
    const isEarly = random.chance(0.1);
    if (!isEarly) await this.#check(pawl, this.uploads.slice(-12));
    const isLong = this.#current.some((upload) => (upload?.plan.source.size ?? 0) >= LONG_BYTES);
    const moment = badMoment(random, isEarly ? 0 : isLong ? 400 : 120);
    let isKilled = false;
    const clients = [
      ...CLIENTS.map((_, client) => () => this.#work(pawl, client, moment.onEvent)),
      () => this.#workOnForm(pawl, moment.onEvent),
    ];
    const working = clients.map(async (work) => {
      try {
        for (;;) await work();
      } catch (error) {
        if (error instanceof AssertionError || !isKilled) throw error;
      }
    });
    await Promise.race([moment.come, ...working]);
    isKilled = true;
    await pawl.stop("SIGKILL");
    await Promise.all(working);
    assertNoComplaint(pawl.output());
    await this.#lookAtFiles();
  }

  /** Lets every upload come to its end, and compares all that is there. */
  async finish(): Promise<void> {
    await using pawl = await this.#start();
    await Promise.all([...this.#current, this.#form].map((upload) => upload?.goOn(pawl, () => {})));
    await this.#check(pawl, this.uploads);
    await inParallel(this.formFiles, 8, (file) => file.check(pawl));
    await this.#lookAtFiles();
    await this.#untilHeard();
    assertEquals(await pawl.stop("SIGTERM"), 0);
    assertNoComplaint(pawl.output());
    await this.#lookAtFiles();

    await untilNothingUnfinished(this.#data);
    assertEquals((await Array.fromAsync(Deno.readDir(this.#data), ({ name }) => name)).sort(), FOLDER);
    const there = Map.groupBy(this.#there.values(), ({ trait }) => trait);
    for (const file of this.formFiles) {
      assertEquals(there.get(file.trait)?.length, 1, file.about("is not there once"));
    }
    for (const upload of this.uploads) {
      const least = upload.state === "finished" ? 1 : 0;
      const most = least + upload.spareCopies;
      const copies = there.get(upload.trait)?.length ?? 0;
      assert(copies >= least && copies <= most, upload.about(`has ${copies} finished files, not ${least} to ${most}`));
    }
  }

  /** The webhook has heard of each finished file that is there, and of its begin before. */
  async #untilHeard(): Promise<void> {
    const heard = (type: string) => this.#receiver.received.filter((message) => message.type === type);
    await until(() => {
      const paths = new Set(heard("upload.completed").map(({ data }) => data["path"]));
      return [...this.#there.keys()].every((path) => paths.has(path));
    }, "the webhook has heard of each finished file");
    const begun = new Set<unknown>();
    for (const { type, data: { id } } of this.#receiver.received) {
      if (type === "upload.created") begun.add(id);
      assert(begun.has(id), `${type} of ${id} was told before its begin`);
    }
  }

  async #work(pawl: PawlProcess, client: number, onEvent: OnEvent): Promise<void> {
    const number = this.uploads.length;
    let upload = this.#current[client];
    if (upload === undefined) {
      const sizeClass = number < LONG_UPLOADS ? "long" : CLIENTS[client] ?? "any";
      upload = new KilledUpload(drawPlan(this.#random, number, sizeClass), this.#random.fork(), this.tally);
      this.uploads.push(upload);
      this.#current[client] = upload;
    }
    await upload.goOn(pawl, onEvent);
    this.#current[client] = undefined;
  }

  async #workOnForm(pawl: PawlProcess, onEvent: OnEvent): Promise<void> {
    if (this.#form === undefined) {
      this.#form = new KilledForm(this.formFiles.length, this.#random.fork(), this.tally);
      this.formFiles.push(...this.#form.files);
    }
    await this.#form.goOn(pawl, onEvent);
    this.#form = undefined;
  }

  /** Asks for all that goes on, for what was finished last, and for some of the rest. */
  async #check(pawl: PawlProcess, finished: readonly KilledUpload[]): Promise<void> {
    const some = Array.from({ length: 4 }, () => this.uploads[this.#random.integer(0, this.uploads.length - 1)]);
    const checked = new Set([...this.#current, ...finished, ...some].filter((upload) => upload !== undefined));
    await inParallel(checked, 4, (upload) => upload.check(pawl, finished.includes(upload)));
    await inParallel(this.formFiles.slice(-60), 4, (file) => file.check(pawl));
  }

  /** A file that has appeared is whole, and stays, unless its client wants it to go. */
  async #lookAtFiles(): Promise<void> {
    const owners = new Map([...this.uploads, ...this.formFiles].map((upload) => [upload.trait, upload]));
    const before = this.#there;
    const there = new Map<string, { version: string; trait: string }>();
    this.#there = there;
    await inParallel(await filesBelow(join(this.#data, "files")), 8, async (path) => {
      const file = join(this.#data, "files", path);
      // The number of a file that was removed is soon another's.
      const { ino, size, birthtime, mtime } = await Deno.stat(file);
      const version = [ino, size, birthtime?.getTime(), mtime?.getTime()].join();
      const known = before.get(path);
      if (known?.version === version) return void there.set(path, known);
      const trait = traitOf(path, await sha256OfStream((await Deno.open(file)).readable));
      assert(owners.has(trait), `The finished file "${path}", ${size} bytes, is no file that was sent`);
      there.set(path, { version, trait });
      this.tally.bytes += size;
    });
    for (const [path, { trait }] of before) {
      if (there.get(path)?.trait === trait) continue;
      const owner = owners.get(trait);
      assert(
        owner !== undefined && "mayVanish" in owner && owner.mayVanish,
        owner?.about(`was finished as "${path}", and has gone`),
      );
    }
  }
}

const FOLDER = ["files", "incoming", "pawl.db"];

/**
 * A moment to kill the server: after some time, or while it is busy with what has just come, or when it has just
 * answered.
 */
function badMoment(random: Random, longestMs: number): { come: Promise<void>; onEvent: OnEvent } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const kind = random.pick(["time", "sent", "answered"]);
  let events = random.integer(1, 30);
  const timer = setTimeout(resolve, kind === "time" ? random.integer(0, longestMs) : longestMs * 2);
  return {
    come: promise.finally(() => clearTimeout(timer)),
    onEvent(event) {
      if (event !== kind || --events !== 0) return;
      // Timers are too coarse for what takes the server a millisecond.
      const until = performance.now() + random.next() * 3;
      while (performance.now() < until);
      resolve();
    },
  };
}
