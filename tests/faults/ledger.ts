import { assert, assertEquals } from "@std/assert";
import type { LossyDisk } from "../support/lossy_disk.ts";
import type { Answer } from "../support/simple_client.ts";

/** A file that a client sends, or sends and takes back. */
export interface SentFile {
  /** The client's own id. */
  readonly id: string;
  readonly content: Uint8Array<ArrayBuffer>;
  /** The headers that go with each of its requests. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The state that the client wants in the end; `finished` by default. */
  readonly wanted?: "removed";
  /** How many finished files the client asks for; 1 where nothing is said. */
  readonly copies?: number;
}

/** The bytes of a body that was wrong. */
interface Doubt {
  readonly from: number;
  readonly to: number;
  /** The whole file's digest was given as well: it is not finished with such bytes. */
  readonly untilFinished: boolean;
}

/** The facts that are known when a request is sent. */
interface Asked {
  readonly count: number;
  readonly lettings: number | undefined;
}

/** All that has left the server, and what follows from it. */
export class Ledger {
  /** The highest offset that was acknowledged for each file, since its client last started over or terminated it. */
  readonly #counts = new Map<string, number>();
  /** How often the client started over or terminated each file. */
  readonly #lettings = new Map<string, number>();
  /** The finished uploads that were acknowledged, and whose they are. */
  readonly #finished = new Map<string, SentFile>();
  /** How many finished uploads of a file there may be more than its client wants. */
  readonly #extraCopies = new Map<string, number>();
  /** The uploads whose removal was asked for, and whether it was acknowledged. */
  readonly #removals = new Map<string, boolean>();
  /** The finished upload whose removal the client of a file has asked for last. */
  readonly #removing = new Map<string, string>();
  /** The ranges in which a file may have wrong bytes: their body was wrong, and no answer has said so. */
  readonly #doubts = new Map<string, Doubt>();

  copy(): Ledger {
    const copy = new Ledger();
    for (const [id, count] of this.#counts) copy.#counts.set(id, count);
    for (const [location, file] of this.#finished) copy.#finished.set(location, file);
    for (const [id, copies] of this.#extraCopies) copy.#extraCopies.set(id, copies);
    for (const [location, isDone] of this.#removals) copy.#removals.set(location, isDone);
    for (const [id, location] of this.#removing) copy.#removing.set(id, location);
    for (const [id, doubt] of this.#doubts) copy.#doubts.set(id, doubt);
    return copy;
  }

  count({ id }: SentFile): number {
    return this.#counts.get(id) ?? 0;
  }

  /** The client lets go of what was acknowledged: it starts over, or terminates the upload. */
  letGo({ id }: SentFile): void {
    this.#counts.delete(id);
    this.#lettings.set(id, (this.#lettings.get(id) ?? 0) + 1);
  }

  /** Takes down the facts that are known when a request is sent. The caller gives them back with the answer. */
  asked(file: SentFile): Asked {
    return { count: this.count(file), lettings: this.#lettings.get(file.id) };
  }

  /** The client starts over without asking: what was there may have been finished. */
  startingOver({ id }: SentFile): void {
    this.#extraCopies.set(id, (this.#extraCopies.get(id) ?? 0) + 1);
  }

  /** How many finished uploads of a file there may be. */
  copies({ id, copies = 1 }: SentFile): number {
    return copies + (this.#extraCopies.get(id) ?? 0);
  }

  /** The client wants a finished file removed. */
  removing({ id }: SentFile, location: string): void {
    this.#removing.set(id, location);
    this.#finished.delete(location);
    this.#removals.set(location, this.#removals.get(location) ?? false);
  }

  /** The finished upload whose removal a client has asked for, and heard nothing of. */
  unanswered({ id }: SentFile): string | undefined {
    const location = this.#removing.get(id);
    return location !== undefined && this.#removals.get(location) === false ? location : undefined;
  }

  removed(location: string): void {
    this.#removals.set(location, true);
  }

  /** The client sends bytes that are not the file's, and that are to be refused. */
  doubt({ id }: SentFile, doubt: Doubt): void {
    this.#doubts.set(id, doubt);
  }

  /** The client knows that they did not stay. */
  sure({ id }: SentFile): void {
    this.#doubts.delete(id);
  }

  /** How many files may have bytes that are not their own. */
  get doubts(): number {
    return this.#doubts.size;
  }

  /** Takes down an answer, and holds it against the disk: what it acknowledges must be safe already. */
  answered(file: SentFile, answer: Answer, disk: LossyDisk, asked: Asked): void {
    const offset = answer.headers.get("upload-offset");
    if (offset === null) return;
    const count = Number(offset);
    // An answer that came late may be about an upload that its client has started over or terminated meanwhile.
    const isOvertaken = asked.lettings !== this.#lettings.get(file.id);
    assert(isOvertaken || count >= asked.count, `${count} bytes of ${file.id} are acknowledged, after ${asked.count}`);
    const location = answer.headers.get("location");
    if (answer.headers.get("upload-complete") === "?1" && location !== null) {
      // It may have been removed half: until it is whole its record tells of it.
      if (this.#removals.has(location)) return;
      this.#finished.set(location, file);
      this.#assertFinished(location, file, disk);
    } else if (count > 0 && !isOvertaken) {
      const id = disk.tables.clients.get(JSON.stringify(["anonymous", file.id]));
      const safe = disk.safeBytes(`incoming/${id}`);
      assert(safe !== undefined && safe.length >= count, `${safe?.length} of ${count} acknowledged bytes are safe`);
      this.#assertContent(file, safe.subarray(0, count), this.#doubts.get(file.id));
    }
    if (!isOvertaken) this.#counts.set(file.id, count);
  }

  #assertFinished(location: string, file: SentFile, disk: LossyDisk): void {
    const upload = disk.tables.uploads.get(location.slice("/files/".length));
    assert(upload?.state === "complete", `${location} is ${upload?.state} and was acknowledged as finished`);
    // Its own entry gives it the name again that a power cut takes.
    const safe = disk.safeBytes(`files/${upload.path}`) ?? disk.safeBytes(`incoming/${upload.id}`);
    assert(safe !== undefined, `${upload.path} was acknowledged as finished, and is not safe`);
    assertEquals(upload.length, file.content.length);
    this.assertWhole(file, safe);
  }

  /** Throws unless `bytes` are the finished file's. */
  assertWhole(file: SentFile, bytes: Uint8Array): void {
    assertEquals(bytes.length, file.content.length);
    const doubt = this.#doubts.get(file.id);
    this.#assertContent(file, bytes, doubt?.untilFinished ? undefined : doubt);
  }

  #assertContent({ id, content }: SentFile, bytes: Uint8Array, doubt: Doubt | undefined): void {
    const { from, to } = doubt ?? { from: 0, to: 0 };
    const differs = bytes.findIndex((byte, at) => byte !== content[at] && !(at >= from && at < to));
    assert(differs === -1, `Byte ${differs} of ${id} is not the file's own`);
  }

  /** Throws unless all that was acknowledged as finished is there, and nothing that was acknowledged as removed. */
  assertKept(disk: LossyDisk): void {
    for (const [location, file] of this.#finished) this.#assertFinished(location, file, disk);
    for (const [location, isDone] of this.#removals) {
      if (isDone) this.assertRemoved(location.slice("/files/".length), disk);
    }
  }

  /**
   * Throws where there is more of a removed upload than a record without bytes, for whose end a full disk had no space.
   */
  assertRemoved(id: string, disk: LossyDisk): void {
    const upload = disk.tables.uploads.get(id);
    if (upload === undefined || upload.state === "gone") return;
    const path = upload.state === "complete" ? `files/${upload.path}` : `incoming/${id}`;
    assert(upload.state === "complete" || upload.offset > 0, `${id} was removed and can be begun`);
    assert(!disk.has(path), `${id} was removed, and ${path} is there`);
  }

  /** All that tells it from another one. */
  describe(): unknown {
    return [
      [...this.#removing],
      [...this.#counts],
      [...this.#extraCopies],
      [...this.#finished].map(([at, { id }]) => [at, id]),
      [
        ...this.#removals,
      ],
      [
        ...this.#doubts,
      ],
    ];
  }
}
