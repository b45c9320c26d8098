import { find } from "./elements.ts";

/** Asks for a file that the page has known and cannot read any more. */
export class ChooseAgain {
  readonly #field = find("file-again", HTMLInputElement);
  #answer: (file: File | undefined) => void = () => {};

  constructor() {
    this.#field.addEventListener("change", () => {
      const file = this.#field.files?.[0];
      this.#field.value = "";
      this.#answer(file);
    });
    this.#field.addEventListener("cancel", () => this.#answer(undefined));
  }

  /** The file that is chosen now; `undefined` when none is. */
  ask(): Promise<File | undefined> {
    // The question before this one has no answer any more.
    this.#answer(undefined);
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#field.click();
    });
  }
}
