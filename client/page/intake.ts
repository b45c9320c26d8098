import { droppedFiles, type OnUnreadable, type Picked } from "./dropped.ts";
import { find } from "./elements.ts";

/** Chromium has this function. TypeScript's types for the DOM do not have it. */
interface Picker {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>;
}

/** The number of files that are added in one go. The page stays responsive between the portions. */
const PORTION = 100;

/**
 * How long the cover stays after the last event. Browsers send one at least three times a second while files are over
 * the page.
 */
const COVER_MS = 1500;

/** Takes files from the two buttons, from a drop anywhere on the page, and from the clipboard. */
export class Intake {
  readonly #files = find("files", HTMLInputElement);
  readonly #folder = find("folder", HTMLInputElement);
  readonly #cover = find("drop-cover", HTMLElement);
  #coverTimer = 0;
  readonly #take: (picked: Picked[]) => void;
  readonly #onNone: () => void;
  readonly #onUnreadable: (names: string[]) => void;
  readonly #onIntent: () => void;
  /** True when the visitor may upload. */
  isOpen = true;

  constructor(
    { take, onIntent, onNone, onUnreadable }: {
      take: (picked: Picked[]) => void;
      /** Called when files may come soon: somebody chooses, or drags files over the page. */
      onIntent: () => void;
      /** Called when something was dropped that had no file in it. */
      onNone: () => void;
      /** Called with the names of the files that could not be read, after all others were taken. */
      onUnreadable: (names: string[]) => void;
    },
  ) {
    this.#take = take;
    this.#onIntent = onIntent;
    this.#onNone = onNone;
    this.#onUnreadable = onUnreadable;
    find("choose-files", HTMLButtonElement).addEventListener("click", () => this.#pick());
    find("choose-folder", HTMLButtonElement).addEventListener("click", () => {
      onIntent();
      this.#folder.click();
    });
    this.#files.addEventListener("change", () => this.#takeInput(this.#files));
    this.#folder.addEventListener("change", () => this.#takeInput(this.#folder));
    this.#listenToDrops();
    addEventListener("paste", ({ clipboardData }) => {
      if (clipboardData !== null && clipboardData.files.length > 0) this.#takeDropped(clipboardData.items);
    });
  }

  /**
   * Asks for files by a picker that gives handles, if the browser has one. A later page can go on with a handle without
   * a new choice.
   */
  async #pick(): Promise<void> {
    this.#onIntent();
    const picker: Picker = globalThis as Picker;
    if (picker.showOpenFilePicker === undefined) return this.#files.click();
    let handles: FileSystemFileHandle[];
    try {
      handles = await picker.showOpenFilePicker({ multiple: true });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      return this.#files.click();
    }
    await this.#takeAll((onUnreadable) => openAll(handles, onUnreadable));
  }

  #takeInput(input: HTMLInputElement): void {
    const picked = [...input.files ?? []].map((file) =>
      file.webkitRelativePath === "" ? { file } : { file, path: file.webkitRelativePath }
    );
    // A browser does not report that the same file is chosen again unless the field has been emptied.
    input.value = "";
    this.#takeAll(() => portions(picked));
  }

  #takeDropped(items: DataTransferItemList): void {
    this.#takeAll((onUnreadable) => droppedFiles(items, onUnreadable));
  }

  async #takeAll(read: (onUnreadable: OnUnreadable) => AsyncIterable<Picked[]>): Promise<void> {
    if (!this.isOpen) return;
    let count = 0;
    let rested = 0;
    const unreadable: string[] = [];
    for await (const picked of read((name) => unreadable.push(name))) {
      count += picked.length;
      this.#take(picked);
      if (count - rested < PORTION) continue;
      rested = count;
      await new Promise((resolve) => setTimeout(resolve));
    }
    if (unreadable.length > 0) this.#onUnreadable(unreadable);
    else if (count === 0) this.#onNone();
  }

  #showCover(): void {
    if (this.#cover.hidden) this.#onIntent();
    this.#cover.hidden = false;
    // A drag that is given up may end without an event.
    clearTimeout(this.#coverTimer);
    this.#coverTimer = setTimeout(() => this.#cover.hidden = true, COVER_MS);
  }

  #listenToDrops(): void {
    // This event comes as long as files are over the page, whatever elements come and go under the pointer.
    addEventListener("dragover", (event) => {
      event.preventDefault();
      if (this.isOpen && event.dataTransfer?.types.includes("Files")) this.#showCover();
    });
    addEventListener("dragleave", ({ relatedTarget }) => {
      if (relatedTarget === null) this.#cover.hidden = true;
    });
    addEventListener("drop", (event) => {
      // Without this, the browser would open the file in the place of the page.
      event.preventDefault();
      this.#cover.hidden = true;
      const { dataTransfer } = event;
      if (dataTransfer?.types.includes("Files")) this.#takeDropped(dataTransfer.items);
    });
  }
}

async function* openAll(
  handles: readonly FileSystemFileHandle[],
  onUnreadable: OnUnreadable,
): AsyncGenerator<Picked[]> {
  for (const handle of handles) {
    try {
      yield [{ file: await handle.getFile(), handle }];
    } catch {
      onUnreadable(handle.name);
    }
  }
}

async function* portions(picked: readonly Picked[]): AsyncGenerator<Picked[]> {
  for (let at = 0; at < picked.length; at += PORTION) yield picked.slice(at, at + PORTION);
}
