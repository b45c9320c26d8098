import { droppedFiles, type LeftOut, type Picked } from "./dropped.ts";
import { find, set } from "./elements.ts";
import { type NoFile, notAFile } from "./no_file.ts";

/** Chromium has this function. TypeScript's types for the DOM do not have it. */
interface Picker {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>;
}

/** The most files that are added in one go. */
const PORTION = 5;
/** From so many files on, a browser that has just listed them is busy with the list; the longest wait for it. */
const LISTED = { files: 500, waitMs: 100 };
/** The time after which a portion has no more files. One look at a size may take as long as usually five. */
const SLOW_MS = 4;
/** The time after which the page rests from adding files. To look at the size of one, a browser asks the disk. */
const BUSY_MS = 15;

/**
 * How long the cover stays after the last event. Browsers send one at least three times a second while files are over
 * the page.
 */
const COVER_MS = 1500;

/** A place where nothing was found: in what was added, or on the clipboard. */
type Nothing = "nothing" | "nothing-pasted";

/** The things that were not taken, of all that came together. */
export interface NotTaken {
  /** The names of the files that could not be read. */
  unreadable: string[];
  emptyFolders: number;
  /** The thing that came in the place of a file; `undefined` when there were files. */
  instead: NoFile | Nothing | undefined;
}

/** The things that an {@linkcode Intake} works with. */
export interface IntakeSetting {
  /** Takes files. The next ones come when it resolves. */
  take: (picked: Picked[]) => Promise<void>;
  /** Gives a file that has no name of its own one: a picture from the clipboard or the camera. */
  named: (file: File, origin: "pasted" | "camera") => File;
  /** Called when files may come soon: somebody chooses, or drags files over the page. */
  onIntent: () => void;
  /** Called when something that came was not taken, after all else was. */
  onNotTaken: (what: NotTaken) => void;
}

/** Takes files from the buttons, from a drop anywhere on the page, and from the clipboard. */
export class Intake {
  readonly #setting: IntakeSetting;
  readonly #files = find("files", HTMLInputElement);
  readonly #folder = find("folder", HTMLInputElement);
  readonly #photo = find("photo", HTMLInputElement);
  readonly #cover = find("drop-cover", HTMLElement);
  #coverTimer = 0;
  /** True while something of this page itself is dragged, such as a link to a file. */
  #isOwnDrag = false;
  /** True when the visitor may upload. */
  isOpen = true;

  constructor(setting: IntakeSetting) {
    this.#setting = setting;
    find("choose-files", HTMLButtonElement).addEventListener("click", () => this.#pick());
    for (const [button, field] of [["choose-folder", this.#folder], ["camera", this.#photo]] as const) {
      find(button, HTMLButtonElement).addEventListener("click", () => {
        setting.onIntent();
        field.click();
      });
    }
    this.#files.addEventListener("change", () => this.#takeInput(this.#files));
    this.#folder.addEventListener("change", () => this.#takeInput(this.#folder));
    this.#photo.addEventListener("change", () => this.#takeInput(this.#photo, "camera"));
    this.#listenToDrops();
    addEventListener("paste", ({ clipboardData, target }) => {
      // A text that is pasted into a field stays there.
      if (clipboardData === null || target instanceof HTMLInputElement) return;
      this.#takeItems(clipboardData, (file) => setting.named(file, "pasted"), "nothing-pasted");
    });
  }

  /**
   * Asks for files by a picker that gives handles, if the browser has one. A later page can go on with a handle without
   * a new choice.
   */
  async #pick(): Promise<void> {
    this.#setting.onIntent();
    const picker: Picker = globalThis as Picker;
    if (picker.showOpenFilePicker === undefined) return this.#files.click();
    let handles: FileSystemFileHandle[];
    try {
      handles = await picker.showOpenFilePicker({ multiple: true });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      return this.#files.click();
    }
    await this.#takeAll((leftOut) => openAll(handles, leftOut));
  }

  #takeInput(input: HTMLInputElement, origin?: "camera"): void {
    const files = [...input.files ?? []];
    // A browser does not report that the same file is chosen again unless the field has been emptied.
    input.value = "";
    this.#takeAll(() =>
      portions(
        files,
        (file) =>
          origin !== undefined
            ? { file: this.#setting.named(file, origin) }
            : file.webkitRelativePath === ""
            ? { file }
            : { file, path: file.webkitRelativePath },
      )
    );
  }

  #takeItems(data: DataTransfer, named: (file: File) => File, nothing: Nothing): void {
    this.#takeAll(async function* (leftOut) {
      for await (const picked of droppedFiles(data.items, leftOut)) {
        yield picked.map((one) => one.handle === undefined ? { ...one, file: named(one.file) } : one);
      }
    }, notAFile(data) ?? nothing);
  }

  async #takeAll(
    read: (leftOut: LeftOut) => AsyncIterable<Picked[]>,
    instead: NoFile | Nothing = "nothing",
  ): Promise<void> {
    if (!this.isOpen) return;
    let count = 0;
    let restedAt = performance.now();
    let emptyFolders = 0;
    const unreadable: string[] = [];
    const leftOut = {
      onUnreadable: (name: string) => void unreadable.push(name),
      onEmptyFolder: () => void emptyFolders++,
    };
    for await (const picked of read(leftOut)) {
      count += picked.length;
      await this.#setting.take(picked);
      if (performance.now() - restedAt < BUSY_MS) continue;
      // A timer comes before the requests, which give way: the more files wait by then, the more go in one request.
      await new Promise((resolve) => setTimeout(resolve));
      restedAt = performance.now();
    }
    const isNone = count === 0 && unreadable.length === 0;
    const what = { unreadable, emptyFolders, instead: isNone ? instead : undefined };
    if (isNone || unreadable.length + emptyFolders > 0) this.#setting.onNotTaken(what);
  }

  #showCover(): void {
    if (this.#cover.hidden) this.#setting.onIntent();
    set(this.#cover, { hidden: false });
    // A drag that is given up may end without an event.
    clearTimeout(this.#coverTimer);
    this.#coverTimer = setTimeout(() => set(this.#cover, { hidden: true }), COVER_MS);
  }

  #listenToDrops(): void {
    addEventListener("dragstart", () => this.#isOwnDrag = true);
    addEventListener("dragend", () => this.#isOwnDrag = false);
    // This event comes as long as files are over the page, whatever elements come and go under the pointer.
    addEventListener("dragover", (event) => {
      event.preventDefault();
      if (this.isOpen && event.dataTransfer?.types.includes("Files")) this.#showCover();
    });
    addEventListener("dragleave", ({ relatedTarget }) => {
      if (relatedTarget === null) set(this.#cover, { hidden: true });
    });
    addEventListener("drop", (event) => {
      // Without this, the browser would open the file in the place of the page.
      event.preventDefault();
      set(this.#cover, { hidden: true });
      if (event.dataTransfer !== null && !this.#isOwnDrag) {
        this.#takeItems(event.dataTransfer, (file) => file, "nothing");
      }
    });
  }
}

async function* openAll(
  handles: readonly FileSystemFileHandle[],
  { onUnreadable }: LeftOut,
): AsyncGenerator<Picked[]> {
  for (const handle of handles) {
    try {
      yield [{ file: await handle.getFile(), handle }];
    } catch {
      onUnreadable(handle.name);
    }
  }
}

async function* portions(files: readonly File[], picked: (file: File) => Picked): AsyncGenerator<Picked[]> {
  if (files.length >= LISTED.files) await untilListed();
  let portion: Picked[] = [];
  let beganAt = performance.now();
  for (const file of files) {
    portion.push(picked(file));
    // The first look at its size makes the page wait, and is timed here. Who takes the file finds the size at hand.
    const hasSize = file.size >= 0;
    if (hasSize && portion.length < PORTION && performance.now() - beganAt < SLOW_MS) continue;
    yield portion;
    portion = [];
    beganAt = performance.now();
  }
  if (portion.length > 0) yield portion;
}

/** Resolves when the browser is done with its list, and at once in Safari, which does not tell. */
async function untilListed(): Promise<void> {
  await new Promise<unknown>((resolve) =>
    globalThis.requestIdleCallback?.(resolve, { timeout: LISTED.waitMs }) ?? resolve(undefined)
  );
}
