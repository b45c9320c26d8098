import { defined } from "../defined.ts";
import { isAbsent, UploadError } from "../errors.ts";
import { announcedLength } from "../model/agree.ts";
import type { CompleteUpload, ReceivingUpload } from "../model/upload.ts";
import type { Appended, ReceivedRequest } from "./append.ts";
import { appendToOpened, arrive } from "./append_to.ts";
import { askedWithLength } from "./asking.ts";
import type { WithinBatch } from "./batch.ts";
import { type Leases, type NamedFileFacts, UploadsByClient } from "./by_client.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { keyOfClient, type Lease, type Locks } from "./locks.ts";
import { open } from "./open_upload.ts";
import { hold, isSmallFile, receiveSmallFile } from "./small_file.ts";
import { status } from "./status.ts";
import { terminateUnfinished } from "./terminate.ts";
import { untilFree } from "./until_free.ts";

/** How many uploads may end under a request, each after its client's id was found to mean it. */
const MAX_ENDED = 3;

/** The requests that mean an upload by its client's id. */
export class RequestsByClient {
  readonly #deps: EngineDeps;
  readonly #locks: Locks;
  readonly #uploads: UploadsByClient;

  constructor(deps: EngineDeps, locks: Locks) {
    this.#deps = deps;
    this.#locks = locks;
    this.#uploads = new UploadsByClient(deps, locks);
  }

  /** Finds out how far the upload is that the id means; `undefined` when there is none. */
  async status(owner: string, clientId: string): Promise<ReceivingUpload | CompleteUpload | undefined> {
    const upload = await this.#uploads.find(owner, clientId);
    if (upload === undefined) return undefined;
    try {
      return await status(this.#deps, this.#locks, upload.id);
    } catch (error) {
      // The upload ended after it was found. Its client is told the same as for an unknown id.
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /**
   * Appends a body to the upload that the id means. A body from byte 0 begins a new upload: it replaces an unfinished
   * one, and leaves a finished file beside it. Throws what `append` throws, and what {@linkcode askedWithLength} throws.
   */
  async send(wanted: NamedFileFacts, request: ReceivedRequest, batch?: WithinBatch): Promise<Appended> {
    const arrival = arrive(this.#deps, this.#locks, wanted.clientId, request);
    // Only a body from byte 0 begins an upload. Whether it does is not known before the lock, under which nobody is asked.
    const within = batch?.lease;
    const isAskedAbout = request.offset === 0 && this.#deps.asking.asksBeforeBegin;
    const facts = isAskedAbout ? await this.#asked(wanted, request, { arrival, within }) : wanted;
    const isThere = batch?.mayBeThere === true &&
      await this.#uploads.lookUp(facts.owner, facts.clientId) !== undefined;
    if (isThere || !isSmallFile(this.#deps, facts, request)) {
      return await this.#sendOn(facts, request, { arrival, within });
    }
    using lease = await this.#locks.takeOver(keyOfClient(facts), { position: 0, arrival, within });
    const { body, meant } = await this.#uploads.remembering(facts, () => hold(this.#deps, lease, request));
    const received = await receiveSmallFile(this.#deps, this.#locks, { facts, request: { ...request, body }, lease });
    if ("state" in received) return { upload: received, end: "whole" };
    return await this.#sendOn(facts, { ...request, body: received, ...defined({ meant }) }, { arrival, held: lease });
  }

  /** Terminates the unfinished upload that the id means. Throws `not-found` or `finished`. */
  async terminate(owner: string, clientId: string): Promise<void> {
    using _lease = await this.#locks.takeOver(keyOfClient({ owner, clientId }));
    const found = await this.#uploads.lookUp(owner, clientId);
    if (found === undefined) throw new UploadError("not-found", "No upload has this id: there is nothing to terminate");
    await terminateUnfinished(this.#deps, this.#locks, found.id);
  }

  /** Asks about an upload. A later request for its id ends this, and asks itself. */
  async #asked(
    wanted: NamedFileFacts,
    request: ReceivedRequest,
    place: { arrival: number; within: Lease | undefined },
  ): Promise<NamedFileFacts> {
    using lease = await this.#locks.takeOver(`asked ${keyOfClient(wanted)}`, place);
    return await askedWithLength(this.#deps, wanted, announcedLength(request), lease.stop);
  }

  async #sendOn(
    facts: NamedFileFacts,
    request: ReceivedRequest,
    { arrival, ...leases }: { arrival: number } & Leases,
  ): Promise<Appended> {
    let ended = 0;
    // An upload that ended after it was found is no longer meant by the client's id, so that is looked up anew.
    const unlessEnded = (error: unknown) => {
      if (!hasEnded(error) || ++ended > MAX_ENDED) throw error;
    };
    for (;;) {
      const { id, lease: next } = await this.#uploads.destinationOf(facts, request, arrival, leases);
      if (next === undefined) {
        await untilFree(this.#deps, this.#locks, id, { offset: request.offset, arrival }).catch(unlessEnded);
        continue;
      }
      using lease = await next;
      const { offset } = request;
      const opened = await open(this.#deps, id, { offset }).catch(unlessEnded);
      if (opened !== undefined) return await appendToOpened(this.#deps, opened, lease, request);
    }
  }
}

/** True when an upload was terminated, or when another one has replaced it: another instance does so beside this one. */
function hasEnded(error: unknown): boolean {
  return error instanceof UploadError && (error.code === "terminated" || error.code === "not-found");
}
