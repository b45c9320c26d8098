import type { Clock } from "../async/clock.ts";
import { fingerprintIn, type FingerprintOf } from "./fingerprint.ts";
import type { LocalFile } from "./local_file.ts";
import type { Piece } from "../protocol/piece.ts";
import { fileChanged } from "../protocol/upload_error.ts";
import { sampleOf } from "./file_id.ts";

/** A check may take this part of the time that sending has taken, or so many seconds where that is more. */
const CHECKING_SHARE = 1 / 4;
const CHECKING_SECONDS = 1;
/** So many fingerprints are kept, about 2 MB: of more pieces, every other one is compared. */
const MOST_KEPT = 16_384;

/** A piece that was sent, without its bytes. */
interface Sent {
  start: number;
  end: number;
  fingerprint: string;
}

/** What a {@linkcode Snapshot} works with. */
export interface SnapshotParts {
  local: LocalFile;
  fingerprintOf: FingerprintOf;
  clock: Clock;
  /** How many fingerprints are kept. Default 16 384. */
  mostKept?: number;
}

/**
 * Sees to it that what is sent of a file is one state of it, and no mixture of two. Browsers read a file as it lies on
 * the disk at that moment: not all of them notice that it has been changed since it was chosen. Every method rejects
 * with an `UploadError` of code `file-changed` when it has.
 *
 * Each piece is read before it is sent and once more before the last piece goes, and the last piece is read between the
 * two. Pieces that are the same both times were so when the last one was read: that is the state of the file that the
 * server gets.
 */
export class Snapshot {
  readonly #local: LocalFile;
  readonly #fingerprintOf: FingerprintOf;
  readonly #clock: Clock;
  readonly #mostKept: number;
  /** In the order in which they lie in the file. */
  #sent: Sent[] = [];
  #isBegun = false;
  #sendingSeconds = 0;
  #sample: string | undefined;
  /** The last piece for which all was checked. */
  #checkedFor: Piece | undefined;

  constructor({ local, fingerprintOf, clock, mostKept = MOST_KEPT }: SnapshotParts) {
    this.#local = local;
    this.#fingerprintOf = fingerprintOf;
    this.#clock = clock;
    this.#mostKept = mostKept;
  }

  /** A hash of the beginning, the middle and the end of the file, as it was when this was first asked for. */
  async sample(): Promise<string> {
    return this.#sample ??= await this.#sampleNow();
  }

  /** Takes the sample again, and compares. */
  async checkSample(): Promise<void> {
    const before = await this.sample();
    if (await this.#sampleNow() !== before) throw fileChanged(this.#local.file.name);
  }

  /** A request has brought `piece`, or a part of it, in so many seconds. */
  note({ start, body, fingerprint }: Piece, seconds: number): void {
    this.#isBegun = true;
    this.#sendingSeconds += seconds;
    if (fingerprint === undefined || body.size === 0) return;
    this.#sent.push({ start, end: start + body.size, fingerprint: fingerprint.text });
    if (this.#sent.length > this.#mostKept) this.#sent = this.#sent.filter((_, index) => index % 2 === 0);
  }

  /** Whether anything was sent before. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** The server holds `offset` bytes: what was sent of the others does not count. */
  cutTo(offset: number): void {
    while (this.#sent.length > 0 && this.#sent.at(-1)!.start >= offset) this.#sent.pop();
  }

  /** Reads a piece again that did not arrive as it was read before. */
  async checkPiece({ start, body, fingerprint }: Piece): Promise<void> {
    if (fingerprint !== undefined) {
      await this.#compare({ start, end: start + body.size, fingerprint: fingerprint.text });
    }
  }

  /**
   * Takes the sample again, and reads again all that was sent, before `last` goes, which ends the file: the oldest
   * first, which had the most time to change, and no more than takes a quarter of the time that sending took.
   */
  async checkAll(last: Piece, signal: AbortSignal): Promise<void> {
    if (!this.#isBegun || this.#isCheckedFor(last)) return;
    await this.checkSample();
    const endsAt = this.#clock.now() + Math.max(CHECKING_SECONDS, CHECKING_SHARE * this.#sendingSeconds);
    for (const sent of this.#sent) {
      if (signal.aborted) return;
      if (this.#clock.now() > endsAt) break;
      await this.#compare(sent);
    }
    this.#checkedFor = last;
  }

  /** It was read twice, and was the same: all the others were checked between the two. */
  #isCheckedFor({ start, fingerprint }: Piece): boolean {
    const before = this.#checkedFor;
    return before?.start === start && fingerprint !== undefined && before.fingerprint?.text === fingerprint.text;
  }

  async #sampleNow(): Promise<string> {
    const { file } = this.#local;
    try {
      return await this.#local.read(file, sampleOf);
    } catch (cause) {
      throw fileChanged(file.name, cause);
    }
  }

  async #compare({ start, end, fingerprint }: Sent): Promise<void> {
    const { file } = this.#local;
    const now = await fingerprintIn(this.#local, file.slice(start, end), this.#fingerprintOf);
    if (now !== undefined && now.text !== fingerprint) throw fileChanged(file.name);
  }
}
