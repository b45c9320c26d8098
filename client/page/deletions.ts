import type { RequestHeaders } from "../mod.ts";
import { onServer } from "./server.ts";

/** How long a deletion can be undone, in milliseconds. */
const UNDO_MS = 5000;
/** How often the page looks whether the keyboard has left the button that undoes it, in milliseconds. */
const LOOK_MS = 1000;

interface Deletion {
  remove: () => Promise<void>;
  settle: (isDeleted: boolean) => void;
  timer: ReturnType<typeof setTimeout>;
  /** True when the server is being told. */
  isBegun: boolean;
}

/**
 * The deletions that can still be undone, by the addresses of their files. The file is deleted on the server 5 seconds
 * later, or when the page goes. While the keyboard is on the button that undoes it, the seconds do not count.
 */
export class Deletions {
  readonly #pending = new Map<string, Deletion>();
  readonly #onChange: (location: string) => void;
  readonly #headers: () => RequestHeaders;
  /** True when the last thing that the person used is not the keyboard. */
  #isByPointer = false;

  /**
   * `onChange` is called when a deletion of that file begins, is undone, can be undone no more, or has ended. `headers`
   * go with the requests of a page that goes.
   */
  constructor(onChange: (location: string) => void, headers: () => RequestHeaders = () => ({})) {
    this.#onChange = onChange;
    this.#headers = headers;
    addEventListener("pagehide", () => this.#deleteAll());
    // Safari's buttons take no focus from the mouse. So it shows the focus that a script gives as if it were by keys.
    addEventListener("pointerdown", () => this.#isByPointer = true, { capture: true });
    addEventListener("keydown", () => this.#isByPointer = false, { capture: true });
  }

  /** True when the file will be deleted. */
  has(location: string | undefined): boolean {
    return location !== undefined && this.#pending.has(location);
  }

  /** True when the file will be deleted, and the server has not been told yet. */
  canUndo(location: string | undefined): boolean {
    return location !== undefined && this.#pending.get(location)?.isBegun === false;
  }

  /**
   * Deletes the file at `location` by `remove`, in 5 seconds. Resolves to true when the server has done it, and to
   * false when it was undone. Rejects as `remove` does.
   */
  begin(location: string, remove: () => Promise<void>): Promise<boolean> {
    if (this.has(location)) return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      const settle = (isDeleted: boolean) => resolve(isDeleted);
      const timer = setTimeout(() => this.#end(location).then(resolve, reject), UNDO_MS);
      this.#pending.set(location, { remove, settle, timer, isBegun: false });
      this.#onChange(location);
    });
  }

  /** Keeps the file after all, if it can still be kept. */
  undo(location: string): void {
    if (!this.canUndo(location)) return;
    this.#take(location)?.settle(false);
    this.#onChange(location);
  }

  async #end(location: string): Promise<boolean> {
    while (!this.#isByPointer && isUndoAtHand(location)) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const deletion = this.#pending.get(location);
    if (deletion === undefined) return false;
    deletion.isBegun = true;
    this.#onChange(location);
    try {
      await deletion.remove();
      return true;
    } finally {
      this.#pending.delete(location);
      this.#onChange(location);
    }
  }

  /** A page that goes can wait for nothing. */
  #deleteAll(): void {
    for (const location of [...this.#pending.keys()]) {
      const headers = this.#headers();
      fetch(onServer(location), { method: "DELETE", keepalive: true, headers }).catch(() => {});
      this.#take(location)?.settle(true);
    }
  }

  #take(location: string): Deletion | undefined {
    const deletion = this.#pending.get(location);
    clearTimeout(deletion?.timer);
    this.#pending.delete(location);
    return deletion;
  }
}

/** True while the keyboard is on the button that undoes the deletion of this file. */
function isUndoAtHand(location: string): boolean {
  const undo = document.activeElement?.closest("[data-action=undo]:focus-visible");
  return undo?.closest("li")?.querySelector(".link")?.getAttribute("href") === onServer(location);
}
