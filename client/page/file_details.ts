import type { QueuedUpload } from "../mod.ts";
import { find, write } from "./elements.ts";
import type { Language } from "./language.ts";
import { nameText } from "./texts.ts";

/** The facts of a file that a person may change before it is sent. */
export interface FileDetails {
  name: string;
  /** The folders, with `/` between them; empty for none. */
  folder: string;
  note: string;
}

/** The key of the note in the metadata that the server keeps with a file. */
export const NOTE = "note";

/** The window in which name, folder and note of a file are changed. */
export class FileDetailsDialog {
  readonly #dialog = find("details", HTMLDialogElement);
  readonly #heading = find("details-heading", HTMLElement);
  readonly #name = find("details-name", HTMLInputElement);
  readonly #folder = find("details-folder", HTMLInputElement);
  readonly #note = find("details-note", HTMLInputElement);
  readonly #hint = find("details-hint", HTMLElement);
  readonly #yes = find("details-yes", HTMLButtonElement);
  readonly #language: Language;

  constructor(language: Language) {
    this.#language = language;
    find("details-no", HTMLButtonElement).addEventListener("click", () => this.#dialog.close("no"));
    this.#name.addEventListener("input", () => this.#check());
    this.#folder.addEventListener("input", () => this.#check());
  }

  /** Asks what is to be changed. `undefined` when nothing is. */
  async ask(upload: QueuedUpload): Promise<FileDetails | undefined> {
    const { messages, words } = this.#language;
    const before = detailsOf(upload);
    const { confirmed } = upload.progress;
    write(this.#heading, messages.actions.edit.of(nameText(before.name)));
    write(this.#hint, confirmed > 0 ? messages.startsOver(words.bytes(confirmed)) : messages.editHint);
    write(this.#yes, confirmed > 0 ? messages.startOver : messages.save);
    this.#name.value = before.name;
    this.#folder.value = before.folder;
    this.#note.value = before.note;
    this.#check();
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
    // The part before the ending is what people change.
    this.#name.setSelectionRange(0, Math.max(before.name.lastIndexOf("."), 0) || before.name.length);
    await new Promise((resolve) => this.#dialog.addEventListener("close", resolve, { once: true }));
    if (this.#dialog.returnValue !== "yes") return undefined;
    const after = {
      name: this.#name.value.trim(),
      folder: segmentsOf(this.#folder.value).join("/"),
      note: this.#note.value.trim(),
    };
    return JSON.stringify(after) === JSON.stringify(before) ? undefined : after;
  }

  #check(): void {
    const { wrongName } = this.#language.messages;
    this.#name.setCustomValidity(isName(this.#name.value.trim()) ? "" : wrongName);
    this.#folder.setCustomValidity(segmentsOf(this.#folder.value).every(isName) ? "" : wrongName);
  }
}

/** The name, folder and note that an upload has now. */
export function detailsOf({ path, metadata }: Pick<QueuedUpload, "path" | "metadata">): FileDetails {
  const at = path.lastIndexOf("/");
  return { name: path.slice(at + 1), folder: path.slice(0, Math.max(at, 0)), note: metadata?.[NOTE] ?? "" };
}

/** True for what a file or a folder can be called. */
export function isName(text: string): boolean {
  return text !== "" && text !== "." && text !== ".." && !/[/\\\p{Cc}]/u.test(text);
}

/** The folders in a text, in which people write both slashes. */
export function segmentsOf(folder: string): string[] {
  return folder.split(/[/\\]/).map((segment) => segment.trim()).filter((segment) => segment !== "");
}
