import { UploadError } from "../errors.ts";
import { decide, type Decision, type PresentUpload } from "../model/decide.ts";
import type { FileFacts, ReceivingUpload, Upload } from "../model/upload.ts";
import { HeldBody } from "../receiving/held_body.ts";
import type { ReceivedRequest } from "./append.ts";
import { beginAgreed } from "./begin.ts";
import type { EngineDeps } from "./engine_deps.ts";
import { keyOfClient, type Lease, type Locks } from "./locks.ts";
import { whileLocked } from "./open_upload.ts";
import { isThere } from "./presence.ts";

/** The facts of a file that its client knows by an id of its own. */
export type NamedFileFacts = FileFacts & { readonly clientId: string };

/** The upload that a request goes to, and the right to write to it, as soon as whoever has it lets go. */
export interface Target {
  readonly id: string;
  /** Absent while another request goes on receiving elsewhere than where this one will go on. */
  readonly taken?: Promise<Lease>;
}

/** Another process on the same data folder may begin the same upload at the same time. */
const MAX_ATTEMPTS = 20;

/** Finds and begins the uploads that clients know by ids of their own, each id under its lock. */
export class UploadsByClient {
  readonly #deps: EngineDeps;
  readonly #locks: Locks;

  constructor(deps: EngineDeps, locks: Locks) {
    this.#deps = deps;
    this.#locks = locks;
  }

  /**
   * The upload that a client knows by its id, as it was recorded last. A request that begins it now is waited for as a
   * writer is that receives: a silent one is ended, one that goes on receiving is left alone.
   */
  async find(owner: string, clientId: string): Promise<PresentUpload | undefined> {
    await this.#locks.settle(keyOfClient({ owner, clientId }), this.#deps.limits.patience);
    return await this.lookUp(owner, clientId);
  }

  /** The same for one that holds the lock on the client's id. */
  async lookUp(owner: string, clientId: string): Promise<PresentUpload | undefined> {
    return present(await this.#deps.records.findByClient(owner, clientId));
  }

  /**
   * The upload that a request goes to, begun where it has to be. The next request for the same id finds it, and sees that
   * it is being written to. `arrival` is the request's; `held` is its lease on the client's id, where it has that already.
   * Throws `wrong-offset`, `too-large` and other refusals, and then nothing has changed.
   */
  async enter(facts: NamedFileFacts, request: ReceivedRequest, arrival: number, held?: Lease): Promise<Target> {
    using own = held === undefined ? await this.#locks.takeOver(keyOfClient(facts), { arrival }) : undefined;
    const within = held ?? own!;
    const id = await this.#target(facts, request, within);
    return this.#locks.isFree(id, request.offset, arrival)
      ? { id, taken: this.#locks.takeOver(id, { position: request.offset, arrival, within }) }
      : { id };
  }

  async #target(facts: NamedFileFacts, request: ReceivedRequest, within: Lease): Promise<string> {
    const { records } = this.#deps;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const decision = await this.#decide(await this.lookUp(facts.owner, facts.clientId), request);
      if (decision.kind === "refuse") throw decision.error;
      if (decision.kind === "goOn") return decision.known.id;
      // A request that would be refused must not cost the bytes of the upload before it.
      const upload = beginAgreed(this.#deps, facts, request);
      const isBegun = decision.kind === "begin"
        ? await records.create(upload)
        : await this.#replace(decision.known, { upload, request, within });
      if (isBegun) return upload.id;
    }
    throw new UploadError("locked", "Others begin the same upload again and again: try again in a few seconds");
  }

  /** Lets a new upload be what the id means, and not `known`; false when that has changed meanwhile: look again. */
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

  async #decide(known: PresentUpload | undefined, { body, ...request }: ReceivedRequest): Promise<Decision> {
    const isTakenOver = body instanceof HeldBody && body.end === "taken-over";
    const hasFile = known !== undefined && await isThere(this.#deps.bytes, known);
    return decide(known, { ...request, isTakenOver }, hasFile);
  }
}

function present(upload: Upload | undefined): PresentUpload | undefined {
  return upload?.state === "gone" ? undefined : upload;
}
