import type { Action } from "../languages/messages.ts";
import type { QueuedUpload } from "../mod.ts";
import type { Language } from "./language.ts";
import { windowOf } from "./list_window.ts";
import type { RowMarks, RowRights } from "./row_actions.ts";
import { RowView } from "./row_view.ts";
import { Thumbnails } from "./thumbnails.ts";

/** The height of a row before any row was measured, in pixels. */
const USUAL_HEIGHT = 61;
/** The height above and below the window in which rows are drawn too, in pixels. */
const MARGIN = 400;
/** The longest list that is drawn as a whole, for the browser's search and for screen readers. */
const SHORT_LIST = 50;

/** The things that the list needs. */
export interface ListSetting {
  language: Language;
  /** Tells what the page knows of an upload besides its queue. */
  marksOf: (upload: QueuedUpload) => RowMarks;
  onAction: (action: Action, upload: QueuedUpload) => void;
}

/** The list of uploads. Of a long list only the visible rows are drawn, and on paper all. */
export class ListView {
  readonly #list: HTMLUListElement;
  readonly #setting: ListSetting;
  readonly #thumbnails = new Thumbnails();
  #rights: RowRights = { read: true, upload: true };
  readonly #uploadOf = new WeakMap<Element, QueuedUpload>();
  readonly #rows = new Map<QueuedUpload, RowView>();
  readonly #heights = new WeakMap<QueuedUpload, number>();
  readonly #retryAt = new WeakMap<QueuedUpload, number>();
  /** The uploads whose rows must be written anew. */
  readonly #stale = new Set<QueuedUpload>();
  #uploads: readonly QueuedUpload[] = [];
  #usualHeight = USUAL_HEIGHT;
  #isPrinted = false;

  constructor(list: HTMLUListElement, setting: ListSetting) {
    this.#list = list;
    this.#setting = setting;
    list.addEventListener("click", ({ target }) => {
      const control = target instanceof Element ? target.closest<HTMLElement>("[data-action]") : null;
      const row = control?.closest("li");
      const upload = row && this.#uploadOf.get(row);
      if (control && upload) setting.onAction(control.dataset["action"] as Action, upload);
    });
    addEventListener("scroll", () => this.#draw(), { passive: true });
    addEventListener("resize", () => this.redraw());
    addEventListener("beforeprint", () => this.#print(true));
    addEventListener("afterprint", () => this.#print(false));
    setInterval(() => this.#countDown(), 1000);
  }

  /** Shows these uploads, in this order. */
  show(uploads: readonly QueuedUpload[]): void {
    this.#uploads = uploads;
    this.#draw();
  }

  /** Notes that an upload has a new state or new numbers, which the next {@linkcode ListView.show} shows. */
  update(upload: QueuedUpload): void {
    const { retryInMs } = upload.progress;
    if (retryInMs === undefined) this.#retryAt.delete(upload);
    else this.#retryAt.set(upload, now() + retryInMs);
    if (this.#rows.has(upload)) this.#stale.add(upload);
  }

  /** Writes all rows anew, after a change of the language or the width. */
  redraw(): void {
    for (const upload of this.#rows.keys()) this.#stale.add(upload);
    this.#draw();
  }

  /** Offers of finished files what the visitor may do with them. */
  set rights(rights: RowRights) {
    this.#rights = rights;
    this.redraw();
  }

  /** Moves the focus to the row at `index`, or to the last row. False when there is no row. */
  focus(index: number): boolean {
    const upload = this.#uploads[Math.min(index, this.#uploads.length - 1)];
    if (upload === undefined) return false;
    this.#draw();
    if (!this.#rows.has(upload)) this.#scrollTo(index);
    this.#rows.get(upload)?.focus();
    return this.#rows.has(upload);
  }

  #scrollTo(index: number): void {
    const above = [...this.#allHeights()].slice(0, index).reduce((sum, height) => sum + height, 0);
    scrollBy(0, this.#list.getBoundingClientRect().top + above - innerHeight / 3);
    this.#draw();
  }

  #draw(): void {
    const uploads = this.#uploads;
    const isWindowed = uploads.length > SHORT_LIST && !this.#isPrinted;
    // To measure makes the browser lay the page out at once. A list that is drawn as a whole needs no measures.
    const top = isWindowed ? -this.#list.getBoundingClientRect().top : 0;
    this.#list.classList.toggle("is-windowed", isWindowed);
    const bounds = !isWindowed
      ? { top: -Infinity, bottom: Infinity }
      : { top: top - MARGIN, bottom: top + innerHeight + MARGIN };
    const { first, end, above, below } = windowOf(this.#allHeights(), bounds);
    const wanted = new Map(uploads.slice(first, end).map((upload, index) => [upload, first + index]));
    // The row with the focus stays, at its place in the order, because the keyboard acts there.
    const focused = this.#focused();
    const place = focused === undefined ? -1 : uploads.indexOf(focused);
    const away = focused === undefined || place < 0 || wanted.has(focused) ? [] : [[focused, place] as const];
    const order = place < first ? [...away, ...wanted] : [...wanted, ...away];
    for (const [upload, row] of this.#rows) {
      if (wanted.has(upload) || upload === away[0]?.[0]) continue;
      row.remove();
      this.#rows.delete(upload);
    }
    this.#list.style.paddingBlock = `${above}px ${below}px`;
    let before: Element | null = null;
    const written: QueuedUpload[] = [];
    for (const [upload, index] of order) {
      const { element } = this.#rowOf(upload);
      element.classList.toggle("away", !wanted.has(upload));
      const next: Element | null = before === null ? this.#list.firstElementChild : before.nextElementSibling;
      if (next !== element) this.#list.insertBefore(element, next);
      before = element;
      if (this.#write(upload, index) && wanted.has(upload)) written.push(upload);
    }
    // The others are as high as they were.
    if (isWindowed) this.#measure(written);
  }

  #print(isPrinted: boolean): void {
    this.#isPrinted = isPrinted;
    this.#draw();
  }

  #rowOf(upload: QueuedUpload): RowView {
    const known = this.#rows.get(upload);
    if (known !== undefined) return known;
    const row = new RowView(upload, this.#thumbnails);
    this.#rows.set(upload, row);
    this.#uploadOf.set(row.element, upload);
    this.#stale.add(upload);
    return row;
  }

  /** Writes a row, unless it is as it should be: then this gives false. */
  #write(upload: QueuedUpload, index: number): boolean {
    const row = this.#rowOf(upload);
    row.showPosition(index + 1, this.#uploads.length);
    if (!this.#stale.delete(upload)) return false;
    row.show(this.#setting.language, {
      retryAt: this.#retryAt.get(upload),
      now: now(),
      rights: this.#rights,
      marks: this.#setting.marksOf(upload),
    });
    return true;
  }

  *#allHeights(): Generator<number> {
    for (const upload of this.#uploads) yield this.#heights.get(upload) ?? this.#usualHeight;
  }

  #measure(written: readonly QueuedUpload[]): void {
    let isNew = false;
    for (const upload of written) {
      const height = this.#rowOf(upload).element.getBoundingClientRect().height;
      isNew ||= Math.abs(height - (this.#heights.get(upload) ?? this.#usualHeight)) > 1;
      this.#heights.set(upload, height);
      if (upload.state === "queued") this.#usualHeight = height;
    }
    if (isNew) requestAnimationFrame(() => this.#draw());
  }

  #focused(): QueuedUpload | undefined {
    const row = document.activeElement?.closest("li");
    return row ? this.#uploadOf.get(row) : undefined;
  }

  #countDown(): void {
    for (const upload of this.#rows.keys()) if (this.#retryAt.has(upload)) this.#stale.add(upload);
    if (this.#stale.size > 0) this.#draw();
  }
}

function now(): number {
  return performance.now();
}
