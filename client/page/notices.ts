import type { Announcer } from "./announcer.ts";
import { find, write } from "./elements.ts";

/** The messages of the page itself: that something was done, or that something is wrong. */
export class Notices {
  readonly #notice = find("notice", HTMLElement);
  readonly #alert = find("alert", HTMLElement);
  readonly #status: Announcer;

  /** Makes the messages. `status` speaks them. */
  constructor(status: Announcer) {
    this.#status = status;
    find("alert-close", HTMLButtonElement).addEventListener("click", () => {
      this.clear();
      find("choose-files", HTMLButtonElement).focus();
    });
  }

  /** Shows for a moment, and speaks, that something was done. */
  tell(text: string): void {
    write(this.#notice, text);
    this.#status.sayDone(text);
    setTimeout(() => this.#notice.textContent === text && write(this.#notice, ""), 5000);
  }

  /** Speaks what the page shows elsewhere. */
  say(text: string): void {
    this.#status.sayDone(text);
  }

  /** Shows and speaks a problem, until something succeeds or the person closes it. */
  complain(text: string): void {
    write(this.#alert, text);
  }

  /** Removes the problem. */
  clear(): void {
    write(this.#alert, "");
  }
}
