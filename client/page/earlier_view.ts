import type { Action } from "../languages/messages.ts";
import { type SignIns, UploadError } from "../mod.ts";
import { type EarlierFile, listEarlier } from "./earlier_files.ts";
import { copyTemplate, find, isFocusLost, part, set, write } from "./elements.ts";
import { fileKind } from "./file_kind.ts";
import type { FileActions } from "./file_actions.ts";
import { type FinishedHere, listFinishedHere } from "./finished_here.ts";
import type { Language } from "./language.ts";
import type { Notices } from "./notices.ts";
import { showControls, showPlace } from "./row_view.ts";
import { onServer } from "./server.ts";
import { may, mayList, type Visitor } from "./session.ts";
import { errorText } from "./texts.ts";

/** The things that the list of finished files needs. */
export interface EarlierSetting {
  language: Language;
  notices: Notices;
  files: FileActions;
  signIns: SignIns;
  /** The files that this browser remembers, for a visitor to whom the server gives no list. */
  here: FinishedHere;
  /** Gives the addresses of the files that the page shows elsewhere. */
  shownElsewhere: () => ReadonlySet<string>;
}

/** Shows the files that were finished earlier. The server is asked when somebody opens the list, and for each part. */
export class EarlierView {
  readonly #setting: EarlierSetting;
  readonly #section = find("earlier", HTMLDetailsElement);
  readonly #list = find("earlier-list", HTMLElement);
  readonly #none = find("earlier-none", HTMLElement);
  readonly #more = find("earlier-more", HTMLButtonElement);
  readonly #rows = new Map<EarlierFile, HTMLElement>();
  #visitor: Visitor | undefined;
  #cursor: string | undefined;
  #opened = 0;

  constructor(setting: EarlierSetting) {
    this.#setting = setting;
    this.#section.addEventListener("toggle", () => this.#section.open && this.#open());
    this.#more.addEventListener("click", () => this.#load());
    this.#list.addEventListener("click", ({ target }) => {
      const control = target instanceof Element ? target.closest<HTMLElement>("[data-action]") : null;
      const row = control?.closest("li");
      const file = [...this.#rows].find(([, element]) => element === row)?.[0];
      if (control && file) this.#act(control.dataset["action"] as Action, file);
    });
  }

  /** Offers the list to a visitor to whom the server gives one, or of whose files this browser remembers some. */
  offer(visitor: Visitor): void {
    this.#visitor = visitor;
    this.update();
    if (this.#section.open) this.#open();
  }

  /** Shows the list, or hides it, after files have come or gone elsewhere on the page. */
  update(): void {
    const { here, shownElsewhere } = this.#setting;
    if (this.#visitor === undefined || this.#section.open) return;
    const isRemembered = () => {
      const elsewhere = shownElsewhere();
      return here.files.some(({ location }) => !elsewhere.has(location));
    };
    const isAnybody = this.#visitor.kind === "anybody" && may(this.#visitor, "upload");
    set(this.#section, { hidden: !mayList(this.#visitor) && !(isAnybody && isRemembered()) });
  }

  /** Writes all texts anew, after a change of language or of a deletion. */
  redraw(): void {
    for (const [file, element] of this.#rows) this.#write(file, element);
  }

  /** Lists from the newest on. Other files may have come since the list was open. */
  async #open(): Promise<void> {
    this.#opened++;
    for (const element of this.#rows.values()) element.remove();
    this.#rows.clear();
    this.#cursor = undefined;
    await this.#load();
  }

  async #load(): Promise<void> {
    const { notices, language, shownElsewhere } = this.#setting;
    const opened = this.#opened;
    this.#more.disabled = true;
    try {
      const { files, cursor } = await this.#ask();
      if (opened !== this.#opened) return;
      this.#cursor = cursor;
      const elsewhere = shownElsewhere();
      const added = files.filter(({ location }) => !elsewhere.has(location)).map((file) => this.#add(file));
      set(this.#none, { hidden: this.#rows.size > 0 || cursor !== undefined });
      set(this.#more, { hidden: cursor === undefined });
      // The button that was pressed may be gone.
      if (isFocusLost()) added[0]?.querySelector<HTMLElement>("a, button")?.focus();
    } catch (error) {
      if (opened !== this.#opened) return;
      // Closed again, the list can be tried again.
      this.#section.open = this.#rows.size > 0;
      notices.complain(error instanceof UploadError ? errorText(error, language) : language.messages.unreachable);
    } finally {
      this.#more.disabled = false;
    }
  }

  async #ask(): Promise<{ files: EarlierFile[]; cursor: string | undefined }> {
    const { signIns, here } = this.#setting;
    if (this.#visitor !== undefined && mayList(this.#visitor)) return await listEarlier(this.#cursor, { signIns });
    return { files: await listFinishedHere(here), cursor: undefined };
  }

  #add(file: EarlierFile): HTMLElement {
    const element = copyTemplate("row");
    part(element, "thumb", HTMLElement).dataset["kind"] = fileKind(file.path);
    this.#rows.set(file, element);
    this.#write(file, element);
    this.#list.append(element);
    return element;
  }

  #write({ path, bytes, finishedAt, location }: EarlierFile, element: HTMLElement): void {
    const { language, files } = this.#setting;
    const { messages, words } = language;
    const isDeleting = files.deletions.has(location);
    set(element.dataset, { state: isDeleting ? "deleting" : "done" });
    showPlace(element, path);
    write(part(element, "size", HTMLElement), words.bytes(bytes));
    const time = finishedAt === undefined ? messages.done : words.time(finishedAt);
    write(part(element, "state", HTMLElement), isDeleting ? messages.deleting : time);
    part(element, "link", HTMLAnchorElement).href = onServer(location);
    const offered: Action[] = files.deletions.canUndo(location) ? ["undo"] : isDeleting ? [] : this.#offered();
    const hadFocus = element.contains(document.activeElement);
    showControls(element.querySelectorAll<HTMLElement>("[data-action]"), offered, { language, path });
    if (hadFocus && isFocusLost()) element.querySelector<HTMLElement>("[data-action]:not([hidden])")?.focus();
  }

  #offered(): Action[] {
    if (this.#visitor === undefined) return [];
    return [
      ...may(this.#visitor, "read") ? ["download", "copy"] as const : [],
      ...may(this.#visitor, "upload") ? ["delete"] as const : [],
    ];
  }

  async #act(action: Action, file: EarlierFile): Promise<void> {
    const { files } = this.#setting;
    if (action === "copy") return await files.copyLink(file.location);
    if (action === "undo") return files.deletions.undo(file.location);
    if (action !== "delete") return;
    const isDeleted = await files.deleteFile(file.path, file.location, () => file.delete());
    if (!isDeleted) return;
    const element = this.#rows.get(file);
    const next = element?.nextElementSibling ?? element?.previousElementSibling;
    element?.remove();
    this.#rows.delete(file);
    set(this.#none, { hidden: this.#rows.size > 0 || !this.#more.hidden });
    if (isFocusLost()) {
      (next?.querySelector<HTMLElement>("a, button") ?? this.#section.querySelector("summary"))?.focus();
    }
  }
}
