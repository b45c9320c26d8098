import type { ModelSite } from "./model_site.ts";
import { Random } from "./random.ts";

/** How often it matters to a request that another one holds its upload. */
const MOSTLY = 0.6;

/** A request that may still come in. */
interface Coming {
  readonly at: number;
  /** Its client has not let go of the connection. */
  readonly hangs: boolean;
}

/**
 * Chooses the instance to which each request goes: any, by lot, but mostly another one than that at which a request of
 * the same client holds the upload. One process takes a client's requests in their order. Among several, a request that
 * its client has cut may still be on its way to the store when the next one is answered elsewhere: until it has arrived
 * there, the client's requests go to the same instance.
 */
export class Places {
  readonly #site: ModelSite;
  #random = new Random(0);
  /** By client's id. */
  readonly #coming = new Map<string, Coming>();
  /** By client's id, the instance at which its last request holds the upload. */
  readonly #holding = new Map<string, number>();

  constructor(site: ModelSite) {
    this.#site = site;
  }

  /** Begins a command, whose lots follow from a number. */
  begin(draw: number): void {
    this.#random = new Random(draw);
  }

  any(): number {
    return this.#random.integer(0, this.#site.count - 1);
  }

  /** The instance for the next request of a client. */
  async of(clientId: string): Promise<number> {
    const at = this.#anyFor(clientId);
    const coming = this.#coming.get(clientId);
    if (coming === undefined || coming.at === at) return at;
    if (coming.hangs || !await this.#site.isSettled(coming.at)) return coming.at;
    this.#coming.delete(clientId);
    return at;
  }

  #anyFor(clientId: string): number {
    const holding = this.#holding.get(clientId);
    this.#holding.delete(clientId);
    return holding !== undefined && this.#random.chance(MOSTLY) ? (holding + 1) % this.#site.count : this.any();
  }

  /** A request of the client may still come in at an instance, while it hangs and for a moment after that. */
  mayCome(clientId: string, coming: Coming): void {
    this.#coming.set(clientId, coming);
  }

  /** The client's last request is known to hold the upload. */
  hasCome(clientId: string, at: number): void {
    this.#coming.delete(clientId);
    this.#holding.set(clientId, at);
  }

  /** Nothing comes in any more at an instance that has ended. */
  ended(at: number): void {
    for (const [clientId, coming] of this.#coming) {
      if (coming.at === at) this.#coming.delete(clientId);
    }
  }

  /** Waits a moment until what was sent to other instances than this one has arrived there. */
  async settleBut(at: number): Promise<void> {
    for (let other = 0; other < this.#site.count; other++) {
      if (other !== at) await this.#site.isSettled(other);
    }
  }
}
