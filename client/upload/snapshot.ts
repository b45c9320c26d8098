import type { Clock } from "../async/clock.ts";
import { fingerprintIn, type FingerprintOf } from "./fingerprint.ts";
import type { LocalFile } from "./local_file.ts";
import type { Piece } from "../protocol/piece.ts";
import { fileChanged } from "../protocol/upload_error.ts";
import { sampleOf } from "./file_id.ts";

/** How long a check may take: a share of the time that sending has taken, or `atLeastMs` if that is longer. */
interface CheckingTime {
  share: number;
  atLeastMs: number;
}

const THOROUGH: CheckingTime = { share: 1 / 4, atLeastMs: 1000 };
/** Chromium itself refuses to read a file that was changed, unless the change left its time as it was. */
const QUICK: CheckingTime = { share: 1 / 50, atLeastMs: 200 };
/** The largest number of fingerprints, about 2 MB. When there are more, every other one is dropped. */
const MOST_KEPT = 16_384;

/** A piece that was sent, without its bytes. */
interface Sent {
  start: number;
  end: number;
  fingerprint: string;
}

/** The pieces that were checked since a last piece was read. */
interface Check {
  /** The fingerprint of that piece. */
  fingerprint: Piece["fingerprint"];
  compared: Set<Sent>;
  spentMs: number;
}

/** The things that a {@linkcode Snapshot} works with. */
export interface SnapshotDeps {
  local: LocalFile;
  fingerprintOf: FingerprintOf;
  clock: Clock;
  /** True when the browser itself refuses to read a changed file. Default: true in Chromium. */
  isWatched?: boolean | undefined;
  /** How many fingerprints are kept. Default 16 384. */
  mostKept?: number;
}

/**
 * Makes sure that the server gets one state of a file, and no mixture of two. Browsers read a file as it lies on the
 * disk at that moment. Not all of them notice that it has been changed since it was chosen. Every method rejects with an
 * `UploadError` of code `file-changed` if the file has changed.
 *
 * Each piece is read before it is sent, and once more before the last piece is sent. The last piece is read between the
 * two. A piece that is the same both times was the same when the last one was read. So the server gets the file as it
 * was at that moment.
 */
export class Snapshot {
  readonly #local: LocalFile;
  readonly #fingerprintOf: FingerprintOf;
  readonly #clock: Clock;
  readonly #time: CheckingTime;
  readonly #mostKept: number;
  /** The sent pieces, in the order of the file. */
  #sent: Sent[] = [];
  #isBegun = false;
  #sendingMs = 0;
  #sample: string | undefined;
  #check: Check | undefined;
  #checking: Promise<void> = Promise.resolve();

  constructor({ local, fingerprintOf, clock, isWatched = isChromium(), mostKept = MOST_KEPT }: SnapshotDeps) {
    this.#local = local;
    this.#fingerprintOf = fingerprintOf;
    this.#clock = clock;
    this.#time = isWatched ? QUICK : THOROUGH;
    this.#mostKept = mostKept;
  }

  /** Gives a hash of the beginning, the middle and the end of the file, as it was at the first call. */
  async sample(): Promise<string> {
    return this.#sample ??= await this.#sampleNow();
  }

  /** Takes the sample again, and compares it. */
  async checkSample(): Promise<void> {
    const before = await this.sample();
    if (await this.#sampleNow() !== before) throw fileChanged(this.#local.file.name);
  }

  /** Notes that a request has brought `piece`, or a part of it, in `ms` milliseconds. */
  note({ start, body, fingerprint }: Piece, ms: number): void {
    this.#isBegun = true;
    this.#sendingMs += ms;
    if (fingerprint === undefined || body.size === 0) return;
    this.#sent.push({ start, end: start + body.size, fingerprint: fingerprint.text });
    if (this.#sent.length > this.#mostKept) this.#sent = this.#sent.filter((_, index) => index % 2 === 0);
  }

  /** True when something was sent before. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Forgets the sent pieces that start at `offset` or later, because the server does not hold them. */
  cutTo(offset: number): void {
    while (this.#sent.length > 0 && this.#sent.at(-1)!.start >= offset) this.#sent.pop();
  }

  /** Reads a piece again whose bytes arrived damaged, and compares it, because the file may have changed. */
  async checkPiece({ start, body, fingerprint }: Piece): Promise<void> {
    if (fingerprint !== undefined) {
      await this.#compare({ start, end: start + body.size, fingerprint: fingerprint.text });
    }
  }

  /**
   * Checks the whole file before `last`, its last piece, is sent. Compares the sample, then reads the sent pieces again
   * and compares each. The first piece of the file comes first, because it had the most time to change. The check stops
   * after a quarter of the time that sending took, or after a second if that is longer, and much earlier where the
   * browser itself notices changes. A further call for the same read of the last piece goes on where the one before ended.
   */
  checkAll(last: Piece, signal: AbortSignal): Promise<void> {
    return this.#checking = this.#checking.catch(() => {}).then(() => this.#checkFor(last, signal));
  }

  async #checkFor({ fingerprint }: Piece, signal: AbortSignal): Promise<void> {
    if (!this.#isBegun) return;
    // Pieces that were compared before this read of the last one may have changed since.
    if (fingerprint === undefined || this.#check?.fingerprint !== fingerprint) {
      this.#check = { fingerprint, compared: new Set(), spentMs: 0 };
    }
    const check = this.#check;
    // The others were compared after the last one was read, and need not be compared again.
    const rest = this.#sent.filter((sent) => !check.compared.has(sent));
    const beganAt = this.#clock.now();
    const allowedMs = Math.max(this.#time.atLeastMs, this.#time.share * this.#sendingMs) - check.spentMs;
    if (check.spentMs > 0 && rest.length === 0) return;
    await this.checkSample();
    for (const sent of rest) {
      if (signal.aborted || this.#clock.now() > beganAt + allowedMs) break;
      await this.#compare(sent);
      check.compared.add(sent);
    }
    check.spentMs += Math.max(1, this.#clock.now() - beganAt);
  }

  async #sampleNow(): Promise<string> {
    try {
      return await this.#local.read(this.#local.file, sampleOf);
    } catch (cause) {
      throw fileChanged(this.#local.file.name, cause);
    }
  }

  async #compare({ start, end, fingerprint }: Sent): Promise<void> {
    const { file } = this.#local;
    const now = await fingerprintIn(this.#local, file.slice(start, end), this.#fingerprintOf);
    if (now !== undefined && now.text !== fingerprint) throw fileChanged(file.name);
  }
}

function isChromium(): boolean {
  return "userAgentData" in (globalThis.navigator ?? {});
}
