import type { Action } from "../languages/messages.ts";
import { type Metadata, type QueuedUpload, type RequestHeaders, UploadError } from "../mod.ts";
import type { ChooseAgain } from "./choose_again.ts";
import { copyText } from "./copy_text.ts";
import { FileLinks } from "./file_link.ts";
import { Deletions } from "./deletions.ts";
import type { Picked } from "./dropped.ts";
import { FileDetailsDialog, NOTE } from "./file_details.ts";
import type { Language } from "./language.ts";
import type { Notices } from "./notices.ts";
import type { Questions } from "./questions.ts";
import { errorText, nameText } from "./texts.ts";

/** The successor of an upload: the same file under another path, or with other metadata. */
export interface ReplacedFile {
  path: string;
  metadata: Metadata;
  /** True when it waits until somebody resumes it. */
  isPaused: boolean;
}

/** The things that the buttons of a file need. */
export interface FileActionsSetting {
  language: Language;
  questions: Questions;
  notices: Notices;
  chooseAgain: ChooseAgain;
  /** Gives the headers of a request that a page makes while it goes, and cannot wait for. */
  headersNow: () => RequestHeaders;
  take: (picked: Picked[]) => void;
  /** Puts an upload in its place again, under another path or with another note. */
  replace: (upload: QueuedUpload, about: ReplacedFile) => void;
  /** Called when the deletion of a file begins, is undone, can be undone no more, or has ended. */
  onDeletion: (location: string) => void;
  /** Called when the file of an upload has been deleted. */
  onDeleted: (upload: QueuedUpload) => void;
}

/** Carries out the actions of the buttons of one file. */
export class FileActions {
  /** The links that the visitor passes on. */
  readonly links = new FileLinks();
  readonly deletions: Deletions;
  readonly #setting: FileActionsSetting;
  readonly #details: FileDetailsDialog;

  constructor(setting: FileActionsSetting) {
    this.#setting = setting;
    this.#details = new FileDetailsDialog(setting.language);
    this.deletions = new Deletions(setting.onDeletion, setting.headersNow);
  }

  /** Carries out one action. Resolves when it is done, or when the person does not want it after all. */
  async act(action: Action, upload: QueuedUpload): Promise<void> {
    const { language: { messages, words }, questions } = this.#setting;
    const name = nameText(upload.path);
    const safe = words.bytes(upload.progress.confirmed);
    const { keepIt: no } = messages;
    switch (action) {
      case "pause":
        return upload.pause();
      case "send":
      case "resume":
      case "retry":
        return upload.resume();
      case "dismiss":
        return upload.dismiss();
      case "cancel":
        if (upload.progress.confirmed > 0) {
          if (!await questions.confirm(messages.confirmCancel(name, safe), { yes: messages.cancelIt, no })) return;
        }
        return upload.cancel();
      case "discard":
        if (await questions.confirm(messages.confirmDiscard(name, safe), { yes: messages.actions.discard.label, no })) {
          upload.cancel();
        }
        return;
      case "chooseAgain":
        return await this.#chooseAgain(upload);
      case "copy":
        return await this.copyLink(upload.location ?? "");
      case "edit":
        return await this.#edit(upload);
      case "undo":
        return this.deletions.undo(upload.location ?? "");
      case "delete":
        // The row shows at once what will happen.
        this.deleteFile(upload.path, upload.location ?? "", () => upload.delete()).then((isDeleted) =>
          isDeleted && this.#setting.onDeleted(upload)
        );
    }
  }

  async #chooseAgain({ path, file: { name } }: QueuedUpload): Promise<void> {
    const file = await this.#setting.chooseAgain.ask();
    if (file === undefined) return;
    // A file with another name is another file, in the same folder.
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    this.#setting.take([{ file, path: file.name === name ? path : folder + file.name }]);
  }

  async #edit(upload: QueuedUpload): Promise<void> {
    // It may have ended since the button was drawn.
    if (!upload.isActive && upload.state !== "paused") return;
    // The server gets nothing under the old name meanwhile.
    const { language: { messages }, notices } = this.#setting;
    const wasGoing = upload.isActive;
    if (wasGoing) upload.pause();
    const details = await this.#details.ask(upload);
    if (upload.state !== "paused") {
      // It ended while it was edited: the server had all of it, or wants it no more.
      if (details !== undefined) notices.complain(messages.notChanged(nameText(upload.path)));
      return;
    }
    if (details === undefined) {
      if (wasGoing) upload.resume();
      return;
    }
    const { name, folder, note } = details;
    const { [NOTE]: _, ...metadata } = upload.metadata ?? {};
    this.#setting.replace(upload, {
      path: folder === "" ? name : `${folder}/${name}`,
      metadata: note === "" ? metadata : { ...metadata, [NOTE]: note },
      // The button says of a file that has begun that it starts over.
      isPaused: !wasGoing && upload.progress.confirmed === 0,
    });
  }

  /** Copies the link to the finished file at `location`, or shows it to be copied by hand. */
  async copyLink(location: string): Promise<void> {
    const { language: { messages }, notices, questions } = this.#setting;
    const link = await this.links.to(location);
    if (await copyText(link)) notices.tell(messages.copied);
    else await questions.show(messages.copyByHand, link, messages.close);
  }

  /** Deletes a finished file by `remove`, if nobody undoes it in 5 seconds. False when it is still there. */
  async deleteFile(path: string, location: string, remove: () => Promise<void>): Promise<boolean> {
    const { language, notices } = this.#setting;
    const name = nameText(path);
    if (!this.deletions.has(location)) notices.say(language.messages.spokenDeleting(name));
    const { messages } = language;
    try {
      if (!await this.deletions.begin(location, remove)) return false;
      notices.clear();
      notices.tell(messages.deleted(name));
      return true;
    } catch (error) {
      const isRefused = error instanceof UploadError && error.code !== "no-progress";
      notices.complain(
        isRefused ? messages.spokenFailed(name, errorText(error, language)) : messages.notDeleted(name),
      );
      return false;
    }
  }
}
