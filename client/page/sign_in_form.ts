import { find, isFocusLost, markPage, set, write } from "./elements.ts";
import type { Language } from "./language.ts";
import type { SignInProblem } from "./session.ts";

/** The form that asks for a token. The token leaves it only to be traded for a cookie. */
export class SignInForm {
  readonly #section = find("sign-in", HTMLElement);
  readonly #form = find("sign-in-form", HTMLFormElement);
  readonly #hint = find("sign-in-hint", HTMLElement);
  readonly #field = find("token", HTMLInputElement);
  readonly #problem = find("sign-in-problem", HTMLElement);
  readonly #language: Language;
  #isAgain = false;
  #shown: SignInProblem | undefined;

  /** `signIn` trades a token, and gives what is wrong with it. */
  constructor(language: Language, signIn: (token: string) => Promise<SignInProblem | undefined>) {
    this.#language = language;
    this.#form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (this.#form.ariaBusy === "true") return;
      this.#form.ariaBusy = "true";
      this.#show(undefined);
      const problem = await signIn(this.#field.value.trim());
      this.#form.ariaBusy = null;
      this.#show(problem);
      if (problem === undefined) this.#field.value = "";
      else this.#field.select();
    });
  }

  get isShown(): boolean {
    return !this.#section.hidden;
  }

  /** Shows the form, with a problem if there is one. `isAgain` is true when uploads wait for it. */
  show({ isAgain, problem }: { isAgain: boolean; problem?: SignInProblem | undefined }): void {
    set(this.#section, { hidden: false });
    this.#isAgain = isAgain;
    this.#section.classList.toggle("is-again", isAgain);
    markPage("is-asked-again", isAgain);
    this.#show(problem);
    this.focus();
  }

  /** Moves the focus to the field, if the form is shown and nothing else has the focus. */
  focus(): void {
    if (!this.isShown || !isFocusLost()) return;
    // WebKit does not notice by itself that the page has become visible: it gives the focus to what it has laid out.
    this.#field.getClientRects();
    this.#field.focus({ preventScroll: this.#isAgain });
  }

  /** Hides the form. The focus is lost if it was there. */
  hide(): void {
    set(this.#section, { hidden: true });
    markPage("is-asked-again", false);
    this.#field.value = "";
    this.#show(undefined);
  }

  /** Writes the texts anew, after a change of language. */
  redraw(): void {
    const { messages } = this.#language;
    write(this.#hint, this.#isAgain ? messages.signInAgainHint : messages.signInHint);
    write(this.#problem, this.#shown === undefined ? "" : messages[this.#shown]);
  }

  #show(problem: SignInProblem | undefined): void {
    this.#shown = problem;
    this.#field.ariaInvalid = problem === "wrongToken" ? "true" : null;
    this.redraw();
  }
}
