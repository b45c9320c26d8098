import type { Clock } from "../async/clock.ts";
import { giveWay } from "../async/give_way.ts";
import { unlessAborted } from "../async/unless_aborted.ts";
import { BatchBytes } from "./batch_bytes.ts";
import { addressOn } from "../protocol/address.ts";
import { FateReader, type Form, formOf, formOfSome, type FormPart, LINES_TYPE } from "../protocol/form.ts";
import { describeFile, present } from "../protocol/requests.ts";
import type { Transport } from "../protocol/transport.ts";
import { sendWatched } from "../protocol/watchdog.ts";
import type { UploadStore } from "../memory/upload_store.ts";
import { bytesOfEach } from "../upload/bytes_of.ts";
import { fileId, sampleOfBytes } from "../upload/file_id.ts";
import { digestOf } from "../upload/fingerprint.ts";
import type { RequestSizes } from "../upload/request_sizes.ts";
import type { Seats } from "../upload/seats.ts";
import { metadataHeader } from "../protocol/metadata.ts";
import type { QueueEntry } from "./queue_entry.ts";
import type { BatchLimits } from "./server_limits.ts";

/** The largest file that is sent together with others, in bytes. A larger one fills a request of its own well enough. */
const MOST_FILE_BYTES = 256 * 1024;
/** The most files that are read at one go, and the most bytes of them if they are several. */
const READ_AT_ONCE = { files: 32, bytes: 2 ** 20 };
/** The most files of one request. */
const MOST_FILES = 500;
/** After so many requests in a row that brought nothing, files go alone. */
const MOST_FAILURES = 3;
/** About the size of the headers of one file, in bytes. */
const HEADER_BYTES = 600;
/** The most bytes of these headers. A server refuses the whole form for a part with more than 16 KiB. */
const MOST_HEADER_BYTES = 12 * 1024;
/** Statuses of a server that takes no forms. */
const NO_FORMS: ReadonlySet<number> = new Set([400, 404, 405, 411, 415, 501]);

/** The things that {@linkcode Batches} work with. */
export interface BatchesDeps {
  url: string;
  transport: Transport;
  clock: Clock;
  random: () => number;
  stallMs: number;
  store: UploadStore;
  sizes: RequestSizes;
  seats: Seats;
  /** The limits of the server; `undefined` for one that takes one file a request, or has not told yet. */
  limits: () => BatchLimits | undefined;
}

/** The events of one request with many files. */
export interface BatchEvents {
  signal: AbortSignal;
  /** Says whether a file is still to be sent. It is asked when the request is about to begin. */
  isWanted: (upload: QueueEntry) => boolean;
  /** Called with each file when the request begins. */
  onBegin: (upload: QueueEntry) => void;
  /** Called when all bytes of a file have departed. */
  onDeparted: (upload: QueueEntry) => void;
  /** Called when a file is safe on the server, at `location`. `isAgain` is true when it was there before. */
  onDone: (upload: QueueEntry, facts: { location: string | undefined; isAgain: boolean }) => void;
}

/** Sends many small files in one request each time. A file that is not told to be safe has to go alone. */
export class Batches {
  readonly #deps: BatchesDeps;
  readonly #bytes = new BatchBytes();
  #isRefused = false;
  #isPaused = false;
  /** How many requests in a row have brought nothing. */
  #failures = 0;

  constructor(deps: BatchesDeps) {
    this.#deps = deps;
  }

  /** True when files can be sent together now. */
  get isOpen(): boolean {
    return !this.#isRefused && !this.#isPaused && this.#deps.limits() !== undefined;
  }

  /** Notes that a file got through alone: after a trouble, files may be sent together again. */
  goWell(): void {
    this.#isPaused = false;
  }

  /** True for a file that may be sent with others. An empty one leaves no trace that a repeated request would meet. */
  accepts({ progress: { total } }: QueueEntry): boolean {
    return total > 0 && total <= Math.min(MOST_FILE_BYTES, this.#deps.limits()?.maxFileSize ?? 0);
  }

  /** Makes a function that says for one file after the other whether it still has room in a request. */
  room(): (upload: QueueEntry) => boolean {
    const mostBytes = this.#mostBytes;
    const mostFiles = Math.min(MOST_FILES, this.#deps.limits()?.maxFiles ?? 0);
    let bytes = 0;
    let files = 0;
    return ({ progress: { total } }) => {
      bytes += total + HEADER_BYTES;
      return ++files <= mostFiles && (bytes <= mostBytes || files === 1);
    };
  }

  /**
   * Sends these files in one request. Resolves when it has ended: to true when the server has told of the whole request,
   * so that a file that was not brought has a trouble of its own. Never rejects.
   */
  async send(
    uploads: readonly QueueEntry[],
    { signal, isWanted, onBegin, onDeparted, onDone }: BatchEvents,
  ): Promise<boolean> {
    const { url, transport, clock, stallMs, sizes, seats } = this.#deps;
    const wanted = this.#bytes.bytes;
    const failures = this.#failures;
    const packed = await this.#pack(uploads, signal).catch(() => undefined);
    if (signal.aborted) return false;
    if (packed === undefined) {
      // There is no memory for so many bytes at a time.
      this.#pause(failures);
      return false;
    }
    const { there, all } = packed;
    // A file that cannot be read reports that alone.
    if (all === undefined) return true;
    let sent: readonly QueueEntry[] = [];
    let departed = 0;
    let gained = 0;
    let status = 0;
    const reader = new FateReader(({ part, isComplete, location, isAgain }) => {
      const upload = sent[part];
      if (!isComplete || upload === undefined) return;
      gained += upload.progress.total;
      onDone(upload, { location, isAgain });
    });
    await seats.run({ isSmall: true, signal }, async () => {
      // Some of them may have been paused or taken out meanwhile.
      sent = there.filter(isWanted);
      if (sent.length === 0) return;
      const form = sent.length === there.length ? all : formOfSome(all, (part) => isWanted(there[part]!));
      const request = {
        method: "POST",
        url: addressOn(url, "/upload"),
        headers: { "Accept": LINES_TYPE, "Content-Type": form.contentType },
        body: form.body,
        onSent(bytes: number) {
          for (; form.ends[departed]! <= bytes; departed++) onDeparted(sent[departed]!);
        },
        onText: (text: string) => reader.read(text),
        signal,
      } as const;
      for (const upload of sent) onBegin(upload);
      const beganAt = clock.now();
      const answer = await sendWatched(transport, request, { stallMs, answerMs: stallMs, clock });
      status = answer.status;
      if (status !== 200) return;
      reader.read(answer.text);
      this.#bytes.answered({ wanted, isFull: form.body.size >= wanted / 2, ms: clock.now() - beganAt });
    }).catch(() => {});
    if (signal.aborted) return false;
    // Only those are left that cannot be read.
    if (sent.length === 0) return true;
    if (gained > 0 || reader.isWhole) this.#failures = 0;
    if (reader.isWhole) return true;
    this.#pause(failures, { isGain: gained > 0 });
    if (NO_FORMS.has(status)) this.#isRefused = true;
    else if (status === 413) sizes.refused(all.body.size);
    return false;
  }

  /** Lets files go alone after a trouble. `failures` is their number when the request that met it was begun. */
  #pause(failures: number, { isGain = false } = {}): void {
    // Several requests are under way at once, and one trouble ends them all. It counts once.
    if (!isGain && this.#failures === failures) this.#failures++;
    this.#isPaused = true;
    this.#isRefused ||= this.#failures >= MOST_FAILURES;
    this.#bytes.broken();
  }

  get #mostBytes(): number {
    return Math.min(this.#bytes.bytes, this.#deps.sizes.largest);
  }

  /**
   * Makes the form with those of these files that are `there`; `undefined` when none is. (What it is made of lies in memory
   * no longer than this takes.)
   */
  async #pack(
    uploads: readonly QueueEntry[],
    signal: AbortSignal,
  ): Promise<{ there: readonly QueueEntry[]; all: Form | undefined }> {
    const prepared = await this.#prepare(uploads, signal);
    const there = uploads.filter((_, index) => prepared[index] !== undefined);
    await giveWay();
    if (signal.aborted || there.length === 0) return { there, all: undefined };
    return { there, all: formOf(prepared.filter((part) => part !== undefined), this.#deps.random) };
  }

  /** Makes the parts of these files, some at a time, because a browser is busy when it begins to read files. */
  async #prepare(uploads: readonly QueueEntry[], signal: AbortSignal): Promise<(FormPart | undefined)[]> {
    const parts: (FormPart | undefined)[] = [];
    for (const some of portionsOf(uploads)) {
      await giveWay();
      if (signal.aborted) break;
      // A disk that is gone may never answer.
      const read = await unlessAborted(signal, bytesOfEach(some.map(({ file }) => file)));
      if (read === undefined) break;
      const made = read.map((bytes, index) => bytes && this.#part(some[index]!, bytes).catch(() => undefined));
      parts.push(...await Promise.all(made));
    }
    return parts;
  }

  async #part({ file, path: itsPath, metadata }: QueueEntry, bytes: ArrayBuffer): Promise<FormPart> {
    const path = itsPath === file.name ? undefined : itsPath;
    const [secret, digest] = await Promise.all([this.#deps.store.secret(), digestOf(bytes)]);
    const headers = present({
      "X-File-Id": fileId(file, { path, sample: sampleOfBytes(bytes), secret }),
      "X-Start-Over": "?0",
      "Repr-Digest": digest,
      ...describeFile({ file, path, metadata: metadataHeader(metadata) }),
    });
    const size = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
    if (size > MOST_HEADER_BYTES) throw new RangeError("The headers of this file are too long for a part of a form");
    return { headers, bytes };
  }
}

/** Divides uploads, in their order, into portions whose files are read at one go. */
function* portionsOf(uploads: readonly QueueEntry[]): Generator<QueueEntry[]> {
  let portion: QueueEntry[] = [];
  let bytes = 0;
  for (const upload of uploads) {
    const { total } = upload.progress;
    const isFull = portion.length === READ_AT_ONCE.files || bytes + total > READ_AT_ONCE.bytes;
    if (isFull && portion.length > 0) {
      yield portion;
      [portion, bytes] = [[], 0];
    }
    portion.push(upload);
    bytes += total;
  }
  if (portion.length > 0) yield portion;
}
