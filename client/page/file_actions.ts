import type { Action } from "../languages/messages.ts";
import { type QueuedUpload, UploadError } from "../mod.ts";
import type { ChooseAgain } from "./choose_again.ts";
import { copyText } from "./copy_text.ts";
import { FileLinks } from "./file_link.ts";
import type { Picked } from "./dropped.ts";
import type { Language } from "./language.ts";
import type { Notices } from "./notices.ts";
import type { Questions } from "./questions.ts";
import { errorText, nameText } from "./texts.ts";

/** The things that the buttons of a file need. */
export interface FileActionsSetting {
  language: Language;
  questions: Questions;
  notices: Notices;
  chooseAgain: ChooseAgain;
  take: (picked: Picked[]) => void;
}

/** Carries out the actions of the buttons of one file. */
export class FileActions {
  /** The links that the visitor passes on. */
  readonly links = new FileLinks();
  readonly #setting: FileActionsSetting;

  constructor(setting: FileActionsSetting) {
    this.#setting = setting;
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
      case "delete":
        if (await this.deleteFile(upload.path, () => upload.delete())) upload.dismiss();
    }
  }

  async #chooseAgain({ path, file: { name } }: QueuedUpload): Promise<void> {
    const file = await this.#setting.chooseAgain.ask();
    // A file with another name is another file, in the same folder.
    if (file !== undefined) this.#setting.take([{ file, path: path.slice(0, -name.length) + file.name }]);
  }

  /** Copies the link to the finished file at `location`, or shows it to be copied by hand. */
  async copyLink(location: string): Promise<void> {
    const { language: { messages }, notices, questions } = this.#setting;
    const link = await this.links.to(location);
    if (await copyText(link)) notices.tell(messages.copied);
    else await questions.show(messages.copyByHand, link, messages.close);
  }

  /** Deletes a finished file by `remove`, after a question. False when it is still there. */
  async deleteFile(path: string, remove: () => Promise<void>): Promise<boolean> {
    const { language, notices, questions } = this.#setting;
    const { messages } = language;
    const name = nameText(path);
    const answers = { yes: messages.deleteIt, no: messages.keepIt };
    if (!await questions.confirm(messages.confirmDelete(name), answers)) return false;
    try {
      await remove();
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
