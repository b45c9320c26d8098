import type { Total } from "../mod.ts";
import { Bar } from "./bar.ts";
import { find, write } from "./elements.ts";
import type { Language } from "./language.ts";
import { joined, numbersText, percentText } from "./texts.ts";
import { isCutOff, runningOf, totalState } from "./total_state.ts";

/** The actions on all uploads. */
export type ActionForAll = "pauseAll" | "resumeAll" | "cancelAll" | "showFailed" | "retryFailed" | "dismissDone";

/** Shows the total of all uploads and the buttons for all. The total is in the title of the page too. */
export class TotalView {
  readonly #section = find("queue", HTMLElement);
  readonly #all = find("total", HTMLElement);
  readonly #bar = new Bar(this.#all);
  readonly #percent = find("total-percent", HTMLElement);
  readonly #numbers = find("total-numbers", HTMLElement);
  readonly #legend = find("legend", HTMLElement);
  readonly #safe = find("total-safe", HTMLElement);
  readonly #sent = find("total-sent", HTMLElement);
  readonly #state = find("total-state", HTMLElement);
  readonly #buffered = find("buffered", HTMLElement);
  readonly #controls = [...document.querySelectorAll<HTMLButtonElement>("[data-all]")];
  readonly #language: Language;
  readonly #title = document.title;
  #isCutOff = false;

  constructor({ language, onAction }: { language: Language; onAction: (action: ActionForAll) => void }) {
    this.#language = language;
    for (const control of this.#controls) {
      control.addEventListener("click", () => onAction(control.dataset["all"] as ActionForAll));
    }
  }

  show(total: Total, isBuffered: boolean): void {
    const { messages, words } = this.#language;
    const { files, sent, confirmed } = total;
    const isRunning = runningOf(total) > 0;
    // Failed uploads do not count.
    const isDone = total.in.done > 0 && total.in.done + total.in.failed === files;
    this.#isCutOff = isCutOff(total, this.#isCutOff);
    const { state, text } = totalState(total, { isCutOff: this.#isCutOff, isOnline: navigator.onLine }, messages);
    this.#section.hidden = files === 0;
    // For one file, its own row shows everything.
    this.#section.classList.toggle("is-of-one", files === 1);
    this.#buffered.hidden = !isBuffered || !isRunning;
    this.#legend.hidden = !isRunning;
    this.#all.dataset["state"] = state;
    this.#bar.show({ sent, confirmed, total: total.total, isDone }, messages.allUploads, this.#language);
    const percent = percentText(sent, total, isDone, words);
    const done = messages.filesDone(total.in.done, files);
    write(this.#percent, percent);
    write(this.#numbers, joined([done, numbersText(total, this.#language)]));
    write(this.#safe, percentText(confirmed, total, isDone, words));
    write(this.#sent, percent);
    write(this.#state, text);
    document.title = files === 0
      ? this.#title
      : isRunning
      ? joined([percent, done, text])
      : joined([text, this.#title]);
    this.#showControls(total);
  }

  /** Moves the focus to the first visible button. */
  focus(): void {
    (this.#controls.find(({ hidden }) => !hidden) ?? find("choose-files", HTMLButtonElement)).focus();
  }

  #showControls(total: Total): void {
    const running = runningOf(total);
    const { paused, done, failed } = total.in;
    const offered: Record<ActionForAll, boolean> = {
      pauseAll: running > 0,
      resumeAll: paused > 0,
      cancelAll: running + paused > 0,
      showFailed: failed > 0,
      retryFailed: total.retryable > 0,
      dismissDone: done > 0,
    };
    const focused = document.activeElement;
    for (const control of this.#controls) {
      control.hidden = total.files < 2 || !offered[control.dataset["all"] as ActionForAll];
    }
    if (this.#controls.some((control) => control === focused && control.hidden)) this.focus();
  }
}
