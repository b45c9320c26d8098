import { fileKey, isSameFile, type Unfinished, type UnfinishedUploads, UploadError } from "../mod.ts";
import { Bar } from "./bar.ts";
import type { ChooseAgain } from "./choose_again.ts";
import type { Picked } from "./dropped.ts";
import { copyTemplate, find, isFocusLost, markPage, part, set, write } from "./elements.ts";
import { fileKind } from "./file_kind.ts";
import type { Language } from "./language.ts";
import type { Notices } from "./notices.ts";
import type { Questions } from "./questions.ts";
import { showControls } from "./row_view.ts";
import { nameText } from "./texts.ts";

interface Item {
  unfinished: Unfinished;
  element: HTMLElement;
  bar: Bar;
}

/** The things that the list of unfinished uploads needs. */
export interface UnfinishedSetting {
  uploads: UnfinishedUploads;
  language: Language;
  questions: Questions;
  notices: Notices;
  chooseAgain: ChooseAgain;
  take: (picked: Picked[]) => void;
  /** Moves the focus to the uploads that the list's files have become. */
  focusUploads: (count: number) => void;
}

/**
 * Shows the uploads that an earlier page has begun. If the browser still has a handle of the file, one click resumes
 * the upload. Otherwise the user chooses the file again.
 */
export class UnfinishedView {
  readonly #setting: UnfinishedSetting;
  readonly #section = find("unfinished", HTMLElement);
  readonly #list = find("unfinished-list", HTMLElement);
  readonly #all = find("continue-all", HTMLButtonElement);
  readonly #none = find("discard-all", HTMLButtonElement);
  readonly #chooseAllHint = find("choose-all-hint", HTMLElement);
  readonly #items = new Map<string, Item>();

  constructor(setting: UnfinishedSetting) {
    this.#setting = setting;
    this.#all.addEventListener("click", () => this.#goOn([...this.#items.values()].filter(hasHandle)));
    this.#none.addEventListener("click", () => this.#discardAll());
    this.#list.addEventListener("click", ({ target }) => this.#act(target));
  }

  /** Lists the unfinished uploads, then asks the server about each. */
  async load(): Promise<void> {
    const { uploads } = this.#setting;
    for (const unfinished of await uploads.list()) {
      const element = copyTemplate("unfinished-row");
      part(element, "thumb", HTMLElement).dataset["kind"] = fileKind(unfinished.name);
      this.#list.append(element);
      this.#items.set(fileKey(unfinished), { unfinished, element, bar: new Bar(element) });
    }
    this.redraw();
    uploads.finishCancels();
    for (const [key, item] of [...this.#items]) {
      // The file may be uploaded by now.
      if (this.#items.get(key) !== item) continue;
      const refreshed = await uploads.refresh(item.unfinished);
      if (refreshed === undefined) {
        this.#remove([item]);
      } else {
        // The handle may have proved useless meanwhile.
        item.unfinished = { ...item.unfinished, confirmed: refreshed.confirmed };
        this.#write(item);
      }
    }
  }

  /** Draws the whole list again after a change of language. */
  redraw(): void {
    for (const item of this.#items.values()) this.#write(item);
    this.#writeHeading();
  }

  /**
   * Takes files off the list that will be uploaded now. Gives each file with the number of its bytes that are known to
   * be safe.
   */
  takeOff(picked: readonly Picked[]): (Picked & { confirmed?: number })[] {
    const gone: Item[] = [];
    const renamed = new Map(
      [...this.#items.values()].filter(isRenamed).map((
        item,
      ) => [fileKey({ ...item.unfinished, path: undefined }), item]),
    );
    const known = picked.map((one) => {
      const { name, size, lastModified } = one.file;
      const key = fileKey({ name, size, lastModified, path: one.path });
      const item = this.#items.get(key) ?? renamed.get(key);
      if (item === undefined) return one;
      gone.push(item);
      return { ...one, path: item.unfinished.path ?? one.path, confirmed: item.unfinished.confirmed };
    });
    if (gone.length > 0) this.#remove(gone);
    return known;
  }

  #writeHeading(): void {
    const { messages } = this.#setting.language;
    const items = [...this.#items.values()];
    const count = items.filter(hasHandle).length;
    write(this.#all, messages.continueAll(count));
    set(this.#all, { hidden: count < 2 });
    set(this.#none, { hidden: items.length < 2 });
    set(this.#chooseAllHint, { hidden: items.length - count < 2 });
    set(this.#section, { hidden: items.length === 0 });
    markPage("has-unfinished", items.length > 0);
  }

  #write({ unfinished, element, bar }: Item): void {
    const { language } = this.#setting;
    const { messages, words } = language;
    const { size, confirmed, handle } = unfinished;
    const path = nameText(unfinished.path ?? unfinished.name);
    write(part(element, "name", HTMLElement), path);
    bar.show({ sent: confirmed, confirmed, total: size, isDone: false }, path, language);
    const state = messages.unfinishedState(
      words.percent(confirmed, size || 1),
      words.bytes(confirmed),
      words.bytes(size),
    );
    write(part(element, "state", HTMLElement), state);
    write(part(element, "numbers", HTMLElement), handle === undefined ? messages.chooseAgainHint : "");
    const offered = [handle === undefined ? "chooseAgain" as const : "continue" as const, "discard" as const];
    showControls(element.querySelectorAll<HTMLElement>("[data-action]"), offered, { language, path });
  }

  #act(target: EventTarget | null): void {
    const button = target instanceof Element ? target.closest("button") : null;
    const row = button?.closest("li");
    const item = row && [...this.#items.values()].find(({ element }) => element === row);
    if (!button || !item) return;
    if (button.classList.contains("continue")) this.#goOn([item]);
    if (button.classList.contains("discard")) this.#discard(item);
    if (button.classList.contains("chooseAgain")) this.#takeAgain(item.unfinished);
  }

  async #goOn(items: readonly Item[]): Promise<void> {
    const { uploads, take, notices, language: { messages }, focusUploads } = this.#setting;
    const unreadable: string[] = [];
    for (const item of items) {
      const { handle: _, ...withoutHandle } = item.unfinished;
      try {
        const file = await uploads.open(item.unfinished);
        take([{ file, handle: item.unfinished.handle, path: item.unfinished.path }]);
      } catch (error) {
        if (!(error instanceof UploadError)) throw error;
        unreadable.push(messages.spokenFailed(nameText(item.unfinished.name), messages.errors["file-changed"]));
        // The person must choose this file again.
        item.unfinished = withoutHandle;
        this.#write(item);
        this.#writeHeading();
      }
    }
    if (unreadable.length > 0) notices.complain(unreadable.join("\n"));
    if (!isFocusLost()) return;
    const remaining = items.find(({ element }) => element.isConnected);
    if (remaining === undefined) focusUploads(items.length);
    else focusFirstButton(remaining.element);
  }

  async #takeAgain(unfinished: Unfinished): Promise<void> {
    const { take, notices, chooseAgain, language } = this.#setting;
    const file = await chooseAgain.ask();
    if (file === undefined) return;
    const { path, name } = unfinished;
    if (!isSameFile(file, unfinished)) return notices.complain(language.messages.notTheSame(nameText(name)));
    take([{ file, path }]);
  }

  async #discard(item: Item): Promise<void> {
    const { questions, language: { messages, words } } = this.#setting;
    const { unfinished } = item;
    const name = nameText(unfinished.path ?? unfinished.name);
    const text = messages.confirmDiscard(name, words.bytes(unfinished.confirmed));
    if (!await questions.confirm(text, { yes: messages.actions.discard.label, no: messages.keepIt })) return;
    await this.#cancel([item]);
  }

  async #discardAll(): Promise<void> {
    const { questions, language: { messages } } = this.#setting;
    const items = [...this.#items.values()];
    const text = messages.confirmCancelAll(items.length);
    if (!await questions.confirm(text, { yes: messages.discardAll, no: messages.keepIt })) return;
    const cancelled = this.#cancel(items);
    if (isFocusLost()) focusFirstButton(null);
    await cancelled;
  }

  async #cancel(items: readonly Item[]): Promise<void> {
    const { uploads, notices, language: { messages } } = this.#setting;
    this.#remove(items);
    const elsewhere: string[] = [];
    await uploads.cancelAll(items.map(({ unfinished }) => unfinished), ({ name }, error) => {
      // If the server cannot be told now, a later page tells it.
      if (!(error instanceof UploadError) || error.code !== "elsewhere") return;
      elsewhere.push(messages.spokenFailed(nameText(name), messages.problems.elsewhere));
      notices.complain(elsewhere.join("\n"));
    });
  }

  #remove(gone: readonly Item[]): void {
    const focused = gone.find(({ element }) => element.contains(document.activeElement))?.element;
    let next = focused?.nextElementSibling ?? null;
    const elements = new Set<Element>(gone.map(({ element }) => element));
    while (next !== null && elements.has(next)) next = next.nextElementSibling;
    for (const { unfinished, element } of gone) {
      this.#items.delete(fileKey(unfinished));
      element.remove();
    }
    this.#writeHeading();
    if (focused !== undefined) focusFirstButton(next ?? this.#list.lastElementChild);
  }
}

function focusFirstButton(within: Element | null): void {
  (within?.querySelector<HTMLElement>("button:not([hidden])") ?? find("choose-files", HTMLButtonElement)).focus();
}

/** True for a file that was given another name before it was sent. */
function isRenamed({ unfinished: { path, name } }: Item): boolean {
  return path !== undefined && path.split("/").at(-1) !== name;
}

function hasHandle({ unfinished }: Item): boolean {
  return unfinished.handle !== undefined;
}
