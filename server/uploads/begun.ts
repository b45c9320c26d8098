import { UploadError } from "../errors.ts";
import type { RecordStore } from "../storage/store.ts";
import type { Turn } from "./turns.ts";
import type { CompleteUpload, ReceivingUpload } from "../model/upload.ts";

/**
 * An upload that begins. Its record need not be there before its bytes: it is written as soon as somebody else looks for
 * the upload, or together with what became of it. A small file that comes whole costs one commit that way, and no look
 * at what there is. Until then a crash leaves nothing of it.
 */
export class Begun {
  readonly upload: ReceivingUpload;
  readonly #records: RecordStore;
  readonly #turn: Turn | undefined;
  #recorded: Promise<boolean> | undefined;
  #isWanted = false;
  #isTaken = false;
  /** Called when it turns out, in the middle of its request, that it can have no record. */
  onTaken: () => void = () => {};

  /**
   * `turn` is its client's, where that knows it by an id of its own: until there is an answer nobody else can look for it.
   * It is left when the upload can be found by its record, as far as it ever will.
   */
  constructor(upload: ReceivingUpload, { records, turn }: { records: RecordStore; turn?: Turn }) {
    this.upload = upload;
    this.#records = records;
    this.#turn = turn;
    turn?.whenWanted(() => {
      this.#isWanted = true;
      // Who comes later finds another upload: what it does with that must not be undone by this one.
      this.record().then((isDone) => {
        if (isDone) return;
        this.#isTaken = true;
        this.onTaken();
      }, () => {});
    });
  }

  /** True once its record is there, or on the way. */
  get isRecording(): boolean {
    return this.#recorded !== undefined;
  }

  /** True when there is another upload that its client knows by the same id: this one can have no record. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** True when another request has come for the same id since. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  /**
   * Returns when the upload has a record: the one that is on the way, or else `first`. False, and nothing has happened,
   * when what the record claims belongs to another upload: its client's id, or the path of its file.
   */
  async record(first: ReceivingUpload | CompleteUpload = this.upload): Promise<boolean> {
    if (this.#isTaken) return false;
    this.#recorded ??= this.#records.create(first).finally(() => {
      if (this.#isWanted) this.leave();
    });
    const isDone = await this.#recorded;
    if (!isDone) this.#recorded = undefined;
    return isDone;
  }

  /** Lets the next request for the same id in. */
  leave(): void {
    this.#turn?.[Symbol.dispose]();
  }

  /** Gives up, for its client's id means another upload; gives what is to be thrown. */
  taken(): UploadError {
    this.#isTaken = true;
    return new UploadError("taken-over", "Another request has taken this upload over: ask how far it is");
  }

  /** Its request has ended. False when it has got no record, as far as is known. */
  async end(): Promise<boolean> {
    this.leave();
    return await this.#recorded?.catch(() => false) ?? false;
  }
}
