import type { Total } from "../mod.ts";
import { Bar } from "./bar.ts";
import { find, markPage, set, write } from "./elements.ts";
import type { Language } from "./language.ts";
import { TabIcon } from "./tab_icon.ts";
import { joined, numbersText, percentText } from "./texts.ts";
import { isCutOff, runningOf, totalState } from "./total_state.ts";

/** The actions on all uploads. */
export type ActionForAll =
  | "sendAll"
  | "pauseAll"
  | "resumeAll"
  | "cancelAll"
  | "showFailed"
  | "retryFailed"
  | "dismissDone";

/** The facts about all uploads that the total does not tell. */
export interface BesideTotal {
  isBuffered: boolean;
  /** How many files are held back. They count as paused in the total. */
  held: number;
  /** The bytes of failed uploads, which the total leaves out. */
  failedBytes: number;
}

/** Shows the total of all uploads and the buttons for all. The total is in the title and the icon of the tab too. */
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
  readonly #icon = new TabIcon();
  readonly #language: Language;
  readonly #title = document.title;
  #isCutOff = false;

  constructor({ language, onAction }: { language: Language; onAction: (action: ActionForAll) => void }) {
    this.#language = language;
    for (const control of this.#controls) {
      control.addEventListener("click", () => onAction(control.dataset["all"] as ActionForAll));
    }
  }

  show(total: Total, { isBuffered, held, failedBytes }: BesideTotal): void {
    const { messages, words } = this.#language;
    const { files, sent, confirmed } = total;
    const isRunning = runningOf(total) > 0;
    // A failed file is not there, so a total with failures is never whole.
    const isDone = files > 0 && total.in.done === files;
    const bytes = { total: total.total + failedBytes };
    this.#isCutOff = isCutOff(total, this.#isCutOff);
    const { state, text } = totalState(total, { isCutOff: this.#isCutOff, isOnline: navigator.onLine }, messages);
    const stateNow = !isRunning && held > 0 && held === total.in.paused ? messages.held : text;
    set(this.#section, { hidden: files === 0 });
    markPage("has-queue", files > 0);
    // For one file, its own row shows everything.
    this.#section.classList.toggle("is-of-one", files === 1);
    set(this.#buffered, { hidden: !isBuffered || !isRunning });
    set(this.#all.dataset, { state });
    this.#bar.show({ sent, confirmed, ...bytes, isDone }, messages.allUploads, this.#language);
    const percent = percentText(confirmed, bytes, isDone, words);
    const percentSent = percentText(sent, bytes, isDone, words);
    const done = messages.filesDone(total.in.done, files);
    write(this.#percent, percent);
    write(this.#numbers, joined([done, numbersText({ ...total, ...bytes }, this.#language)]));
    write(this.#safe, percent);
    write(this.#sent, percentSent);
    set(this.#legend, { hidden: total.in.sending + total.in.checking === 0 });
    this.#legend.classList.toggle("is-idle", percent === percentSent);
    write(this.#state, stateNow);
    this.#icon.show(files === 0 ? undefined : state, bytes.total === 0 ? 0 : confirmed / bytes.total);
    const running = isRunning ? joined([percent, done, stateNow]) : joined([stateNow, this.#title]);
    set(document, { title: files === 0 ? this.#title : running });
    this.#showControls(total, held);
  }

  /** Moves the focus to the first visible button. */
  focus(): void {
    (this.#controls.find(({ hidden }) => !hidden) ?? find("choose-files", HTMLButtonElement)).focus();
  }

  #showControls(total: Total, held: number): void {
    const running = runningOf(total);
    const { paused, done, failed } = total.in;
    const { messages } = this.#language;
    const offered: Record<ActionForAll, boolean> = {
      sendAll: held > 0,
      pauseAll: running > 0,
      resumeAll: paused > held,
      cancelAll: running + paused > 0,
      showFailed: failed > 0,
      retryFailed: total.retryable > 0,
      dismissDone: done > 0,
    };
    const focused = document.activeElement;
    for (const control of this.#controls) {
      const action = control.dataset["all"] as ActionForAll;
      set(control, { hidden: total.files < 2 || !offered[action] });
      if (action === "sendAll") write(control, messages.sendAll(held));
      else set(control, { title: messages[action] });
    }
    if (this.#controls.some((control) => control === focused && control.hidden)) this.focus();
  }
}
