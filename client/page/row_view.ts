import type { Action } from "../languages/messages.ts";
import type { QueuedUpload } from "../mod.ts";
import { Bar } from "./bar.ts";
import { copyTemplate, part, write } from "./elements.ts";
import type { Language } from "./language.ts";
import { nameText, numbersText, percentText, stateText } from "./texts.ts";

/** The things that the visitor may do with finished files. */
export interface RowRights {
  /** True when the visitor may get them. */
  read: boolean;
  /** True when the visitor may delete them. */
  upload: boolean;
}

/** The facts of a row besides its upload. */
export interface RowSetting {
  /** The position in the list, from 1 on. */
  position: number;
  count: number;
  /** When the next try comes, by the same clock as `now`, in milliseconds. */
  retryAt: number | undefined;
  now: number;
  rights: RowRights;
}

/** The row of one upload: its name, its bar, its state in words, and its buttons. */
export class RowView {
  readonly element = copyTemplate("row");
  readonly #upload: QueuedUpload;
  readonly #bar = new Bar(this.element);
  readonly #name = part(this.element, "name", HTMLElement);
  readonly #folder = part(this.element, "folder", HTMLElement);
  readonly #size = part(this.element, "size", HTMLElement);
  readonly #percent = part(this.element, "percent", HTMLElement);
  readonly #state = part(this.element, "state", HTMLElement);
  readonly #numbers = part(this.element, "numbers", HTMLElement);
  readonly #link = part(this.element, "link", HTMLAnchorElement);
  readonly #controls = [...this.element.querySelectorAll<HTMLElement>("[data-action]")];

  constructor(upload: QueuedUpload) {
    this.#upload = upload;
    write(this.#name, nameText(upload.file.name));
    const folder = upload.path.slice(0, -upload.file.name.length);
    write(this.#folder, nameText(folder));
    this.#folder.hidden = folder === "";
  }

  /** Shows the upload as it is now. */
  show(language: Language, { position, count, retryAt, now, rights }: RowSetting): void {
    const upload = this.#upload;
    const { words, messages } = language;
    const { state, sent, confirmed, total, bytesPerSecond } = upload.progress;
    const isDone = state === "done";
    const { element } = this;
    element.dataset["state"] = state;
    element.ariaSetSize = String(count);
    element.ariaPosInSet = String(position);
    this.#bar.show({ sent, confirmed, total, isDone }, nameText(upload.path), language);
    const percent = percentText(sent, upload.progress, isDone, words);
    write(this.#percent, sent > confirmed ? messages.percentSent(percent) : percent);
    write(this.#size, words.bytes(total));
    write(this.#state, stateText(upload, language, { retryAt, now }));
    const isBegun = !isDone && confirmed > 0 || bytesPerSecond > 0;
    write(this.#numbers, isBegun ? numbersText(upload.progress, language) : "");
    this.#showControls(language, actionsFor(upload, rights));
  }

  /** Moves the focus into the row, unless it is there already. */
  focus(): void {
    if (!this.element.contains(document.activeElement)) this.#controls.find((control) => !control.hidden)?.focus();
  }

  #showControls({ messages }: Language, offered: readonly Action[]): void {
    const upload = this.#upload;
    const { location } = upload;
    const focused = document.activeElement;
    let isFocusLost = false;
    for (const control of this.#controls) {
      const action = control.dataset["action"] as Action;
      const { label, of } = messages.actions[action];
      write(control, label);
      control.ariaLabel = of(nameText(upload.path));
      control.hidden = !offered.includes(action);
      isFocusLost ||= control.hidden && control === focused;
    }
    if (location !== undefined) this.#link.href = location;
    if (isFocusLost) this.#controls.find((control) => !control.hidden)?.focus();
  }
}

/** Gives the actions that an upload offers in its state. */
function actionsFor({ state, location, canRetry, progress }: QueuedUpload, may: RowRights): Action[] {
  switch (state) {
    case "done":
      if (location === undefined) return ["dismiss"];
      return [...may.read ? ["download", "copy"] as const : [], ...may.upload ? ["delete"] as const : [], "dismiss"];
    case "paused":
    case "stopped":
      return ["resume", "cancel"];
    case "waiting":
      // The page cannot hurry the work of another tab, nor the person who signs in.
      return isAwaited(progress) ? ["pause", "cancel"] : ["retry", "pause", "cancel"];
    case "failed": {
      const again: Action[] = canRetry ? ["retry"] : progress.error?.code === "file-changed" ? ["chooseAgain"] : [];
      return [...again, progress.confirmed > 0 ? "discard" : "dismiss"];
    }
    case "cancelled":
      return [];
    default:
      return ["pause", "cancel"];
  }
}

/** True for an upload whose next try comes after something else, and not after a retry delay. */
function isAwaited({ problem }: QueuedUpload["progress"]): boolean {
  return problem?.code === "elsewhere" || problem?.code === "signed-out";
}
