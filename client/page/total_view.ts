import type { Total } from "../upload_queue.ts";
import { Bar } from "./bar.ts";
import { find, write } from "./elements.ts";
import type { Language } from "./language.ts";
import { numbersText, percentText } from "./texts.ts";

/** What can be done with all uploads at once. */
export type ActionForAll = "pauseAll" | "resumeAll" | "cancelAll" | "retryFailed" | "clearDone";

/** Where all uploads together stand, and what can be done with all of them; in the title of the page too. */
export class TotalView {
  readonly #section = find("queue", HTMLElement);
  readonly #bar = new Bar(find("total", HTMLElement));
  readonly #percent = find("total-percent", HTMLElement);
  readonly #numbers = find("total-numbers", HTMLElement);
  readonly #buffered = find("buffered", HTMLElement);
  readonly #controls = [...document.querySelectorAll<HTMLButtonElement>("[data-all]")];
  readonly #language: Language;
  readonly #title = document.title;

  constructor({ language, onAction }: { language: Language; onAction: (action: ActionForAll) => void }) {
    this.#language = language;
    for (const control of this.#controls) {
      control.addEventListener("click", () => onAction(control.dataset["all"] as ActionForAll));
    }
  }

  show(total: Total, isBuffered: boolean): void {
    const { messages, words } = this.#language;
    const { files, sent, confirmed } = total;
    const running = runningOf(total);
    const isDone = files > 0 && total.in.done === files;
    this.#section.hidden = files === 0;
    this.#buffered.hidden = !isBuffered || running === 0;
    this.#bar.show({ sent, confirmed, total: total.total, isDone }, messages.allUploads, this.#language);
    const percent = percentText(total, isDone, words);
    const done = messages.filesDone(total.in.done, files);
    write(this.#percent, percent);
    write(this.#numbers, `${done} · ${numbersText(total, this.#language)}`);
    document.title = running === 0 ? this.#title : `${percent} · ${done}`;
    this.#showControls(total);
  }

  /** Moves the focus to the first button that there is now. */
  focus(): void {
    (this.#controls.find(({ hidden }) => !hidden) ?? find("choose-files", HTMLButtonElement)).focus();
  }

  #showControls(total: Total): void {
    const running = runningOf(total);
    const { paused, done } = total.in;
    const offered: Record<ActionForAll, boolean> = {
      pauseAll: running > 0,
      resumeAll: paused > 0,
      cancelAll: running + paused > 0,
      retryFailed: total.retryable > 0,
      clearDone: done > 0,
    };
    const focused = document.activeElement;
    for (const control of this.#controls) control.hidden = !offered[control.dataset["all"] as ActionForAll];
    if (this.#controls.some((control) => control === focused && control.hidden)) this.focus();
  }
}

/** How many uploads run, or wait for their turn or for the network. */
export function runningOf(total: Total): number {
  const { queued, ready, asking, sending, waiting } = total.in;
  return queued + ready + asking + sending + waiting;
}
