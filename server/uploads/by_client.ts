import { UploadError } from "../errors.ts";
import type { AppendRequest } from "./append.ts";
import { wrongOffset } from "../model/agree.ts";
import { beginAgreed, isSmallAndWhole } from "./begin.ts";
import { Begun } from "./begun.ts";
import { whileLocked } from "./open_upload.ts";
import type { Parts } from "./parts.ts";
import type { Lease, Writers } from "./locks.ts";
import { isThere } from "./presence.ts";
import { Turns } from "./turns.ts";
import { type CompleteUpload, type FileFacts, type ReceivingUpload, safeBytes, type Upload } from "../model/upload.ts";

/** The facts of a file that its client knows by an id of its own. */
export type NamedFileFacts = FileFacts & { readonly clientId: string };

/** The upload that a request goes to, and the right to write to it, as soon as whoever has it lets go. */
export interface Target {
  readonly id: string;
  /** Not there while another one goes on receiving elsewhere than where the request will go on. */
  readonly lease?: Promise<Lease>;
}

/** An upload that begins without a look whether its client's id means another one already. */
export interface BegunTarget {
  readonly begun: Begun;
  readonly lease: Promise<Lease>;
}

/** Another process on the same data folder may begin the same upload at the same time. */
const MAX_ATTEMPTS = 20;

/** Finds and begins the uploads that clients know by ids of their own: the requests of each id one after the other. */
export class UploadsByClient {
  readonly #parts: Parts;
  readonly #writers: Writers;
  readonly #turns = new Turns();

  constructor(parts: Parts, writers: Writers) {
    this.#parts = parts;
    this.#writers = writers;
  }

  /** The upload that a client knows by `clientId`, as it was recorded last. */
  async find(owner: string, clientId: string): Promise<ReceivingUpload | CompleteUpload | undefined> {
    using _turn = await this.#turns.enter(turnOf(owner, clientId));
    return present(await this.#parts.records.findByClient(owner, clientId));
  }

  /**
   * The upload that a request goes to, begun where it has to be. Whoever asks for the same id next finds it, and that
   * it is being written to. `number` is the request's, from {@linkcode Writers.arrive}. Throws `wrong-offset`,
   * `too-large` and other refusals, and then nothing has changed.
   */
  async enter(facts: NamedFileFacts, request: AppendRequest, number: number): Promise<Target> {
    using _turn = await this.#turns.enter(turnOf(facts.owner, facts.clientId));
    const id = await this.#find(facts, request);
    return this.#writers.isFree(id, request.offset, number)
      ? { id, lease: this.#writers.takeOver(id, request.offset, number) }
      : { id };
  }

  /**
   * Begins the upload of a small file that comes whole, without a look whether there is one already: its record tells, and
   * mostly there is none. `undefined` for any other file, and while another request has its turn. Throws `too-large` and
   * other refusals.
   */
  beginAhead(facts: NamedFileFacts, request: AppendRequest): BegunTarget | undefined {
    if (!isSmallAndWhole(request)) return undefined;
    const turn = this.#turns.enterAtOnce(turnOf(facts.owner, facts.clientId));
    if (turn === undefined) return undefined;
    try {
      const upload = beginAgreed(this.#parts, facts, request);
      const begun = new Begun(upload, { records: this.#parts.records, turn });
      return { begun, lease: this.#writers.takeOver(begun.upload.id, request.offset) };
    } catch (error) {
      turn[Symbol.dispose]();
      throw error;
    }
  }

  async #find(facts: NamedFileFacts, request: AppendRequest): Promise<string> {
    const { records, bytes } = this.#parts;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const known = present(await records.findByClient(facts.owner, facts.clientId));
      const isKnown = known !== undefined && await isThere(bytes, known);
      if (!isKnown && request.offset > 0) throw wrongOffset(0);
      if (isKnown && (request.offset > 0 || goesOn(known, request))) return known.id;
      // A request that would be refused must not cost the bytes of the upload before it.
      const upload = beginAgreed(this.#parts, facts, request);
      const isBegun = known === undefined ? await records.create(upload) : await this.#replace(known, upload, request);
      if (isBegun) return upload.id;
    }
    throw new UploadError("locked", "Others begin the same upload again and again: try again in a few seconds");
  }

  /** Puts a new upload in the place of `known`; false when that has changed meanwhile: look again. */
  async #replace(known: Upload, upload: ReceivingUpload, request: AppendRequest): Promise<boolean> {
    const { records, bytes } = this.#parts;
    using _lease = await this.#writers.takeOver(known.id);
    return await whileLocked(this.#parts, known.id, async () => {
      const current = present(await records.get(known.id));
      if (current !== undefined && goesOn(current, request) && await isThere(bytes, current)) return false;
      const isDone = await records.create(upload, current);
      if (isDone && current?.state === "receiving") await bytes.discard(current.id);
      return isDone;
    });
  }
}

function turnOf(owner: string, clientId: string): string {
  return JSON.stringify([owner, clientId]);
}

function present(upload: Upload | undefined): ReceivingUpload | CompleteUpload | undefined {
  return upload?.state === "gone" ? undefined : upload;
}

/** True for a request from byte 0 that begins nothing: it repeats an earlier one. */
function goesOn(known: ReceivingUpload | CompleteUpload, request: AppendRequest): boolean {
  return isRepeat(known, request) || mustGoOn(known, request);
}

/** A request for an empty file, where one is finished. */
function isRepeat(known: ReceivingUpload | CompleteUpload, { offset, bodyLength, length }: AppendRequest): boolean {
  return known.state === "complete" && safeBytes(known) === offset && (length ?? bodyLength) === 0;
}

/** A request that never starts over, where there are bytes of its file, as far as the length tells which file it is. */
function mustGoOn(known: ReceivingUpload | CompleteUpload, { neverStartsOver, length }: AppendRequest): boolean {
  const isSameFile = length === undefined || known.length === undefined || length === known.length;
  return neverStartsOver === true && isSameFile && safeBytes(known) > 0;
}
