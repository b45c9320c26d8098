import { find } from "./elements.ts";

/** Asks for a file that the page knew and cannot read any more. */
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

  /** Gives the file that the person chooses; `undefined` when none is chosen. */
  ask(): Promise<File | undefined> {
    // A question that came before gets no answer any more.
    this.#answer(undefined);
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#field.click();
    });
  }
}
