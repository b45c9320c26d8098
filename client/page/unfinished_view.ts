import { isSameFile, type Unfinished, type UnfinishedUploads } from "../unfinished_uploads.ts";
import { UploadError } from "../uploader.ts";
import { Bar } from "./bar.ts";
import type { Picked } from "./dropped.ts";
import { copyTemplate, find, part, write } from "./elements.ts";
import type { Language } from "./language.ts";
import type { Questions } from "./questions.ts";

interface Item {
  unfinished: Unfinished;
  element: HTMLElement;
  bar: Bar;
}

/** What the page gives the list of unfinished uploads. */
export interface UnfinishedSetting {
  uploads: UnfinishedUploads;
  language: Language;
  questions: Questions;
  take: (picked: Picked[]) => void;
  /** Shows what is wrong, and what to do. */
  complain: (text: string) => void;
}

/** The uploads that an earlier page has begun: go on with one click where the browser knows the file, or choose it again. */
export class UnfinishedView {
  readonly #setting: UnfinishedSetting;
  readonly #section = find("unfinished", HTMLElement);
  readonly #list = find("unfinished-list", HTMLElement);
  readonly #all = find("continue-all", HTMLButtonElement);
  readonly #field = find("file-again", HTMLInputElement);
  #items: Item[] = [];
  #wanted: Item | undefined;

  constructor(setting: UnfinishedSetting) {
    this.#setting = setting;
    this.#all.addEventListener("click", () => this.#goOn(this.#items.filter(hasHandle)));
    this.#field.addEventListener("change", () => this.#takeAgain());
    this.#list.addEventListener("click", ({ target }) => this.#act(target));
  }

  /** Lists what is unfinished, then asks the server about each. */
  async load(): Promise<void> {
    const { uploads } = this.#setting;
    this.#items = (await uploads.list()).map((unfinished) => {
      const element = copyTemplate("unfinished-row");
      this.#list.append(element);
      return { unfinished, element, bar: new Bar(element) };
    });
    this.redraw();
    for (const item of [...this.#items]) {
      const refreshed = await uploads.refresh(item.unfinished);
      if (refreshed === undefined) {
        this.#remove(item);
      } else {
        item.unfinished = refreshed;
        this.#write(item);
      }
    }
  }

  /** Shows all anew: the language has changed. */
  redraw(): void {
    for (const item of this.#items) this.#write(item);
    const count = this.#items.filter(hasHandle).length;
    write(this.#all, this.#setting.language.messages.continueAll(count));
    this.#all.hidden = count < 2;
    this.#section.hidden = this.#items.length === 0;
  }

  /** Takes a file off the list that is being uploaded now. */
  leaveOut({ file, path = file.name }: Picked): void {
    const found = this.#items.filter(({ unfinished }) =>
      isSameFile(file, unfinished) && (unfinished.path ?? unfinished.name) === path
    );
    for (const item of found) this.#remove(item);
  }

  #write({ unfinished, element, bar }: Item): void {
    const { language } = this.#setting;
    const { messages, words } = language;
    const { name, path = name, size, confirmed, handle } = unfinished;
    write(part(element, "name", HTMLElement), path);
    bar.show({ sent: confirmed, confirmed, total: size, isDone: false }, path, language);
    const state = messages.unfinishedState(
      words.percent(confirmed, size || 1),
      words.bytes(confirmed),
      words.bytes(size),
    );
    write(part(element, "state", HTMLElement), state);
    write(part(element, "numbers", HTMLElement), handle === undefined ? messages.chooseAgainHint : "");
    for (const action of ["continue", "chooseAgain", "giveUp"] as const) {
      const button = part(element, action, HTMLButtonElement);
      const { label, of } = messages.actions[action];
      write(button, label);
      button.ariaLabel = of(path);
      button.hidden = action === "continue" && handle === undefined || action === "chooseAgain" && handle !== undefined;
    }
  }

  #act(target: EventTarget | null): void {
    const button = target instanceof Element ? target.closest("button") : null;
    const item = this.#items.find(({ element }) => button !== null && element.contains(button));
    if (button === null || item === undefined) return;
    if (button.classList.contains("continue")) this.#goOn([item]);
    if (button.classList.contains("giveUp")) this.#giveUp(item);
    if (!button.classList.contains("chooseAgain")) return;
    this.#wanted = item;
    this.#field.click();
  }

  async #goOn(items: readonly Item[]): Promise<void> {
    const { uploads, take, complain, language } = this.#setting;
    for (const item of items) {
      const { handle: _, ...withoutHandle } = item.unfinished;
      try {
        const file = await uploads.open(item.unfinished);
        take([{
          file,
          handle: item.unfinished.handle,
          ...item.unfinished.path !== undefined && { path: item.unfinished.path },
        }]);
      } catch (error) {
        if (!(error instanceof UploadError)) throw error;
        complain(language.messages.unreadable(item.unfinished.name));
        // Choosing it anew is what is left.
        item.unfinished = withoutHandle;
        this.redraw();
      }
    }
  }

  #takeAgain(): void {
    const { take, complain, language } = this.#setting;
    const file = this.#field.files?.[0];
    const wanted = this.#wanted;
    this.#field.value = "";
    if (file === undefined || wanted === undefined) return;
    const { path, name } = wanted.unfinished;
    if (!isSameFile(file, wanted.unfinished)) return complain(language.messages.notTheSame(name));
    take([{ file, ...path !== undefined && { path } }]);
  }

  async #giveUp(item: Item): Promise<void> {
    const { uploads, questions, language: { messages, words } } = this.#setting;
    const { unfinished } = item;
    const text = messages.confirmGiveUp(unfinished.path ?? unfinished.name, words.bytes(unfinished.confirmed));
    if (!await questions.confirm(text, { yes: messages.deleteIt, no: messages.keepIt })) return;
    this.#remove(item);
    // The server deletes it by itself when it cannot be told.
    uploads.dismiss(unfinished).catch(() => {});
  }

  #remove(item: Item): void {
    const index = this.#items.indexOf(item);
    if (index < 0) return;
    const hadFocus = item.element.contains(document.activeElement);
    this.#items.splice(index, 1);
    item.element.remove();
    this.redraw();
    if (!hadFocus) return;
    const next = this.#items[Math.min(index, this.#items.length - 1)]?.element;
    (next?.querySelector<HTMLElement>("button:not([hidden])") ?? find("choose-files", HTMLButtonElement)).focus();
  }
}

function hasHandle({ unfinished }: Item): boolean {
  return unfinished.handle !== undefined;
}
