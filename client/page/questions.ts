import { find, set, write } from "./elements.ts";

/** Asks before something that cannot be undone, and shows a text to be copied by hand. */
export class Questions {
  readonly #dialog = find("question", HTMLDialogElement);
  readonly #text = find("question-text", HTMLElement);
  readonly #field = find("question-field", HTMLInputElement);
  readonly #yes = find("question-yes", HTMLButtonElement);
  readonly #no = find("question-no", HTMLButtonElement);

  /**
   * Asks a question. True when the person presses the button `yes`; the other button, and Escape, mean no. The focus
   * goes back afterwards.
   */
  async confirm(text: string, { yes, no }: { yes: string; no: string }): Promise<boolean> {
    set(this.#field, { hidden: true });
    set(this.#yes, { hidden: false });
    write(this.#yes, yes);
    return await this.#ask(text, no) === "yes";
  }

  /** Shows a text to be copied by hand. */
  async show(text: string, value: string, close: string): Promise<void> {
    set(this.#field, { hidden: false });
    this.#field.value = value;
    this.#field.ariaLabel = text;
    set(this.#yes, { hidden: true });
    const closed = this.#ask(text, close);
    this.#field.select();
    await closed;
  }

  #ask(text: string, no: string): Promise<string> {
    write(this.#text, text);
    write(this.#no, no);
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
    return new Promise((resolve) => {
      this.#dialog.addEventListener("close", () => resolve(this.#dialog.returnValue), { once: true });
    });
  }
}
