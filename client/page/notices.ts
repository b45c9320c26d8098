import type { Announcer } from "./announcer.ts";
import { find, write } from "./elements.ts";

/** What the page says on its own account: that something was done, or that something is wrong. */
export class Notices {
  readonly #notice = find("notice", HTMLElement);
  readonly #alert = find("alert", HTMLElement);
  readonly #status: Announcer;

  /** `status` speaks. */
  constructor(status: Announcer) {
    this.#status = status;
    find("alert-close", HTMLButtonElement).addEventListener("click", () => {
      this.clear();
      find("choose-files", HTMLButtonElement).focus();
    });
  }

  /** Shows and speaks, for a moment, that something was done. */
  tell(text: string): void {
    write(this.#notice, text);
    this.#status.sayDone(text);
    setTimeout(() => this.#notice.textContent === text && write(this.#notice, ""), 5000);
  }

  /** Shows and speaks what is wrong, until something goes well or the person has read it. */
  complain(text: string): void {
    write(this.#alert, text);
  }

  /** Nothing is wrong any more. */
  clear(): void {
    write(this.#alert, "");
  }
}
