import type { Action } from "../languages/messages.ts";
import type { QueuedUpload } from "../mod.ts";
import { Bar } from "./bar.ts";
import { copyTemplate, part, set, write } from "./elements.ts";
import { fileKind } from "./file_kind.ts";
import type { Language } from "./language.ts";
import { actionsFor, type RowMarks, type RowRights } from "./row_actions.ts";
import { onServer } from "./server.ts";
import { nameText, numbersOf, percentText, stateText } from "./texts.ts";
import type { Thumbnails } from "./thumbnails.ts";

/** The facts of a row besides its upload. */
export interface RowSetting {
  /** When the next try comes, by the same clock as `now`, in milliseconds. */
  retryAt: number | undefined;
  now: number;
  rights: RowRights;
  marks: RowMarks;
}

/** The row of one upload: its name, its bar, its state in words, and its buttons. */
export class RowView {
  readonly element = copyTemplate("row");
  readonly #upload: QueuedUpload;
  readonly #thumbnails: Thumbnails;
  readonly #bar = new Bar(this.element);
  readonly #thumb = part(this.element, "thumb", HTMLElement);
  readonly #size = part(this.element, "size", HTMLElement);
  readonly #percent = part(this.element, "percent", HTMLElement);
  readonly #state = part(this.element, "state", HTMLElement);
  readonly #amount = part(this.element, "amount", HTMLElement);
  readonly #speed = part(this.element, "speed", HTMLElement);
  readonly #left = part(this.element, "left", HTMLElement);
  readonly #saved = part(this.element, "saved", HTMLElement);
  readonly #link = part(this.element, "link", HTMLAnchorElement);
  readonly #controls = [...this.element.querySelectorAll<HTMLElement>("[data-action]")];

  constructor(upload: QueuedUpload, thumbnails: Thumbnails) {
    this.#upload = upload;
    this.#thumbnails = thumbnails;
    const { path, file } = upload;
    showPlace(this.element, path);
    this.#thumb.dataset["kind"] = fileKind(path, file.type);
    thumbnails.add(this.#thumb, file);
  }

  /** Tells a screen reader the position in the list, from 1 on, and how long the list is. */
  showPosition(position: number, count: number): void {
    set(this.element, { ariaPosInSet: String(position), ariaSetSize: String(count) });
  }

  /** Shows the upload as it is now. */
  show(language: Language, { retryAt, now, rights, marks }: RowSetting): void {
    const upload = this.#upload;
    const { words, messages } = language;
    const { state, sent, confirmed, total, bytesPerSecond } = upload.progress;
    const isDone = state === "done";
    set(this.element.dataset, { state: marks.isDeleting ? "deleting" : marks.isHeld ? "held" : state });
    this.#bar.show({ sent, confirmed, total, isDone }, nameText(upload.path), language);
    write(this.#percent, percentText(confirmed, upload.progress, isDone, words));
    const stateNow = stateText(upload, language, { retryAt, now });
    // A phone shows this state by the bar alone.
    this.element.classList.toggle("is-moving", stateNow === messages.sending);
    write(this.#state, marks.isDeleting ? messages.deleting : marks.isHeld ? messages.held : stateNow);
    const isBegun = !isDone && (confirmed > 0 || bytesPerSecond > 0);
    const [amount = "", speed = "", left = ""] = isBegun ? numbersOf(upload.progress, language) : [];
    write(this.#size, isBegun ? "" : words.bytes(total));
    write(this.#amount, amount);
    write(this.#speed, speed && `\u00a0· ${speed}`);
    write(this.#left, left && `\u00a0· ${left}`);
    write(this.#saved, marks.savedAs === undefined ? "" : messages.savedAs(nameText(marks.savedAs)));
    this.#showControls(language, actionsFor(upload, rights, marks));
  }

  /** Moves the focus into the row, unless it is there already. */
  focus(): void {
    if (!this.element.contains(document.activeElement)) this.#focusFirst();
  }

  /** Takes the row out of the page. */
  remove(): void {
    this.#thumbnails.remove(this.#thumb);
    this.element.remove();
  }

  #showControls(language: Language, offered: readonly Action[]): void {
    const upload = this.#upload;
    const { location } = upload;
    const focused = document.activeElement;
    if (location !== undefined) this.#link.href = onServer(location);
    showControls(this.#controls, offered, { language, path: upload.path });
    if (this.#controls.some((control) => control === focused && control.hidden)) this.#focusFirst();
  }

  /** Moves the focus to what is done next with the file. "Resume" is where "Pause" was, and "Edit" before both. */
  #focusFirst(): void {
    const shown = this.#controls.filter((control) => !control.hidden);
    (shown.find((control) => control.dataset["action"] !== "edit") ?? shown[0])?.focus();
  }
}

/** Writes folder and name of a file into its row. The whole of a name that is too long is shown by the pointer. */
export function showPlace(row: HTMLElement, path: string): void {
  const at = path.lastIndexOf("/") + 1;
  const folder = part(row, "folder", HTMLElement);
  write(folder, nameText(path.slice(0, at)));
  set(folder, { hidden: at === 0 });
  write(part(row, "name", HTMLElement), nameText(path.slice(at)));
  set(part(row, "file", HTMLElement), { title: nameText(path) });
}

/** Shows the controls of the offered actions, with their texts and names. */
export function showControls(
  controls: Iterable<HTMLElement>,
  offered: readonly Action[],
  { language: { messages }, path }: { language: Language; path: string },
): void {
  for (const control of controls) {
    const action = control.dataset["action"] as Action;
    set(control, { hidden: !offered.includes(action) });
    if (control.hidden) continue;
    const { label, of } = messages.actions[action];
    write(control, label);
    const name = of(nameText(path));
    // A button that shows a sign alone says its name under the pointer too.
    set(control, { ariaLabel: name, title: name });
  }
}
