import { ServerLimits, type ServerLimitsOptions } from "../mod.ts";
import { ENDPOINT } from "./server.ts";

/** Reads the limits of the server when they are needed: shortly before files are chosen, and not with the page. */
export class LimitsWatch {
  readonly limits: ServerLimits;
  #isFresh = false;

  /** Reads with the headers of an upload link, if the page is one's. */
  constructor({ headers }: Pick<ServerLimitsOptions, "headers">) {
    this.limits = new ServerLimits({ endpoint: ENDPOINT, headers });
  }

  /** Reads the limits, unless they are known and stay as they are. Without them the server refuses by itself. */
  async read(): Promise<void> {
    const { quota, maxFiles } = this.limits.told;
    if (this.#isFresh && quota === undefined && maxFiles === undefined) return;
    this.#isFresh = true;
    await this.limits.read().catch(() => this.#isFresh = false);
  }

  /** Reads the limits if nobody has read them yet. */
  begin(): void {
    if (!this.#isFresh) this.read();
  }

  /** Notes that there is another visitor, with limits of their own. */
  forget(): void {
    this.#isFresh = false;
    this.limits.forget();
  }
}
