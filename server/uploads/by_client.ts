import { defined } from "../defined.ts";
import { UploadError } from "../errors.ts";
import { decide, type Decision, hasGoneOn, type PresentUpload } from "../model/decide.ts";
import type { FileFacts, ReceivingUpload, Upload } from "../model/upload.ts";
import { HeldBody } from "../receiving/held_body.ts";
import type { ReceivedRequest } from "./append.ts";
import { beginAgreed } from "./begin.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { keyOfClient, type Lease, type Locks } from "./locks.ts";
import { whileLocked } from "./locked_file.ts";
import { hasFile } from "./presence.ts";

/** The facts of a file whose upload has a client's id. */
export type NamedFileFacts = FileFacts & { readonly clientId: string };

/** The upload that a request appends to, and the lock on it. */
export interface Destination {
  readonly id: string;
  /**
   * The lock, once its holder lets go. Absent while a holder receives bytes that do not end where this request starts.
   */
  readonly lease?: Promise<Lease>;
}

/** The leases that a request holds already. */
export interface Leases {
  /** Its lease on the client's id. */
  readonly held?: Lease | undefined;
  /** The lease of the batch that its file is in. */
  readonly within?: Lease | undefined;
}

/** After how long a body takes its time that is received into memory, in milliseconds. */
const SLOW_MS = 20;

/** How often the decision is made anew when another process has changed what the id means. */
const MAX_ATTEMPTS = 20;

/** Finds and begins uploads by clients' ids, each id under its lock (I6). */
export class UploadsByClient {
  readonly #deps: EngineDeps;
  readonly #locks: Locks;

  constructor(deps: EngineDeps, locks: Locks) {
    this.#deps = deps;
    this.#locks = locks;
  }

  /**
   * Finds the upload that a client's id means. If a request is beginning it now, this waits a moment for that request,
   * and ends it if its client is silent.
   */
  async find(owner: string, clientId: string): Promise<PresentUpload | undefined> {
    await this.#locks.untilFree(keyOfClient({ owner, clientId }), this.#deps.limits.patience);
    return await this.lookUp(owner, clientId);
  }

  /** Finds the upload that a client's id means. The caller holds the lock on that id. */
  async lookUp(owner: string, clientId: string): Promise<PresentUpload | undefined> {
    return present(await this.#deps.records.findByClient(owner, clientId));
  }

  /**
   * Receives a body into memory, and remembers what a client's id means while it comes, if it takes its time. Another
   * process knows nothing of a body in this one's memory, and may begin or go on with the upload meanwhile. A body that is
   * cut off then must take nothing from it. Most small bodies come at once, and nothing is looked up.
   */
  async remembering(
    { owner, clientId }: NamedFileFacts,
    receive: () => Promise<HeldBody>,
  ): Promise<Pick<ReceivedRequest, "meant"> & { readonly body: HeldBody }> {
    let looked: Promise<ReceivedRequest["meant"]> = Promise.resolve(undefined);
    const timer = setTimeout(() => {
      looked = this.lookUp(owner, clientId).then((upload) => ({ upload }), () => undefined);
    }, SLOW_MS);
    const body = await receive().finally(() => clearTimeout(timer));
    return { body, ...body.end !== "whole" && defined({ meant: await looked }) };
  }

  /**
   * Finds the upload that a request appends to, or begins it. The lock on the upload is requested before the lock on
   * the client's id is released, so the next request for this id meets a writer. `arrival` is the request's own. Throws
   * `wrong-offset`, `too-large` and other refusals; nothing has changed then.
   */
  async destinationOf(
    facts: NamedFileFacts,
    request: ReceivedRequest,
    arrival: number,
    { held, within: batch }: Leases = {},
  ): Promise<Destination> {
    const isHeld = held !== undefined;
    using own = isHeld ? undefined : await this.#locks.takeOver(keyOfClient(facts), { arrival, within: batch });
    const within = held ?? own!;
    const id = await this.#uploadIdFor(facts, request, within);
    return this.#locks.isFree(id, request.offset, arrival)
      ? { id, lease: this.#locks.takeOver(id, { position: request.offset, arrival, within }) }
      : { id };
  }

  async #uploadIdFor(facts: NamedFileFacts, request: ReceivedRequest, within: Lease): Promise<string> {
    const { records } = this.#deps;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const decision = await this.#decide(await this.lookUp(facts.owner, facts.clientId), request);
      if (decision.kind === "refuse") throw decision.error;
      if (decision.kind === "goOn") return decision.known.id;
      // This refuses first what would be refused later: the upload before must not be discarded for a refused one.
      const upload = await beginAgreed(this.#deps, facts, request);
      const isBegun = decision.kind === "begin"
        ? await records.create(upload)
        : await this.#replace(decision.known, { upload, request, within });
      if (!isBegun) continue;
      request.onBegun?.(upload);
      return upload.id;
    }
    throw new UploadError("locked", "Others begin the same upload again and again: try again in a few seconds");
  }

  /**
   * Makes the id mean a new upload instead of `known`; false when `known` has changed meanwhile, so that the caller
   * decides anew.
   */
  async #replace(
    known: PresentUpload,
    { upload, request, within }: { upload: ReceivingUpload; request: ReceivedRequest; within: Lease },
  ): Promise<boolean> {
    const { records, bytes } = this.#deps;
    using _lease = await this.#locks.takeOver(known.id, { within });
    return await whileLocked(this.#deps, known.id, async () => {
      const current = present(await records.get(known.id));
      const { kind } = await this.#decide(current, request);
      if (kind === "goOn" || kind === "refuse") return false;
      const isDone = await records.create(upload, current);
      if (isDone && current?.state === "receiving") await bytes.discard(current.id);
      return isDone;
    });
  }

  async #decide(known: PresentUpload | undefined, { body, meant, ...request }: ReceivedRequest): Promise<Decision> {
    const isTakenOver = body instanceof HeldBody && body.end === "taken-over" ||
      meant !== undefined && hasGoneOn(meant.upload, known);
    const isPresent = known !== undefined && await hasFile(this.#deps, known);
    return decide(known, { ...request, isTakenOver }, isPresent);
  }
}

function present(upload: Upload | undefined): PresentUpload | undefined {
  return upload?.state === "gone" ? undefined : upload;
}
