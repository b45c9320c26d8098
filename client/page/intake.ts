import { droppedFiles, type OnUnreadable, type Picked } from "./dropped.ts";
import { find } from "./elements.ts";

/** What Chromium has and the types of browsers have not. */
interface Picker {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>;
}

/** The number of files that are added in one go. The page stays responsive between the portions. */
const PORTION = 200;

/** Browsers tell at least three times a second that files are over the page. */
const COVER_MS = 1500;

/** Where files come from: the two buttons, a drop anywhere on the page, the clipboard. */
export class Intake {
  readonly #files = find("files", HTMLInputElement);
  readonly #folder = find("folder", HTMLInputElement);
  readonly #cover = find("drop-cover", HTMLElement);
  #coverTimer = 0;
  readonly #take: (picked: Picked[]) => void;
  readonly #onNone: () => void;
  readonly #onUnreadable: (names: string[]) => void;

  constructor(
    { take, onNone, onUnreadable }: {
      take: (picked: Picked[]) => void;
      /** Something was dropped, and there was no file in it. */
      onNone: () => void;
      /** After all others were taken. */
      onUnreadable: (names: string[]) => void;
    },
  ) {
    this.#take = take;
    this.#onNone = onNone;
    this.#onUnreadable = onUnreadable;
    find("choose-files", HTMLButtonElement).addEventListener("click", () => this.#pick());
    find("choose-folder", HTMLButtonElement).addEventListener("click", () => this.#folder.click());
    this.#files.addEventListener("change", () => this.#takeInput(this.#files));
    this.#folder.addEventListener("change", () => this.#takeInput(this.#folder));
    this.#listenToDrops();
    addEventListener("paste", ({ clipboardData }) => {
      if (clipboardData !== null && clipboardData.files.length > 0) this.#takeDropped(clipboardData.items);
    });
  }

  /** Where the browser gives handles, a later page can go on without a new choice. */
  async #pick(): Promise<void> {
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
    // A browser does not tell when the same file is chosen again, unless the field has been emptied.
    input.value = "";
    this.#takeAll(() => portions(picked));
  }

  #takeDropped(items: DataTransferItemList): void {
    this.#takeAll((onUnreadable) => droppedFiles(items, onUnreadable));
  }

  async #takeAll(read: (onUnreadable: OnUnreadable) => AsyncIterable<Picked[]>): Promise<void> {
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
    this.#cover.hidden = false;
    // A drag that is given up may end without a word.
    clearTimeout(this.#coverTimer);
    this.#coverTimer = setTimeout(() => this.#cover.hidden = true, COVER_MS);
  }

  #listenToDrops(): void {
    // It comes as long as files are over the page, whatever elements come and go under the pointer.
    addEventListener("dragover", (event) => {
      event.preventDefault();
      if (event.dataTransfer?.types.includes("Files")) this.#showCover();
    });
    addEventListener("dragleave", ({ relatedTarget }) => {
      if (relatedTarget === null) this.#cover.hidden = true;
    });
    addEventListener("drop", (event) => {
      // Without this, the file would replace the page.
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
