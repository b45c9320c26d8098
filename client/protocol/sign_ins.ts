import { wantsSignIn } from "./statuses.ts";
import { refusal, UploadError } from "./upload_error.ts";

/**
 * Asks a person, or a program, for a sign-in. The requests that were refused are made again when the promise resolves.
 */
export type OnSignedOut = () => void | Promise<void>;

/**
 * The sign-ins that a server has asked for. Uploads that share one ask once together, however many of them are refused.
 */
export class SignIns {
  readonly #ask: OnSignedOut | undefined;
  #count = 0;
  #asking: Promise<void> | undefined;

  /** Asks by `ask`. Without it, every request that needs a sign-in ends its upload. */
  constructor(ask?: OnSignedOut) {
    this.#ask = ask;
  }

  /** Gives `onSignedOut` itself if it can be shared already. */
  static of(onSignedOut: OnSignedOut | SignIns | undefined): SignIns {
    return onSignedOut instanceof SignIns ? onSignedOut : new SignIns(onSignedOut);
  }

  /** How many sign-ins there have been. */
  get count(): number {
    return this.#count;
  }

  /**
   * Asks for a sign-in, for a request that was refused with `refused`. Resolves when there has been one. Resolves at
   * once if there has been one since `count` was `before`, because the request may have been made without it. Rejects
   * with an `UploadError` when nobody can be asked, or when the function that asks rejects.
   */
  async ask(before: number, refused: UploadError): Promise<void> {
    if (this.#ask === undefined) throw refused;
    if (this.#count !== before) return;
    this.#asking ??= this.#askAll(this.#ask, refused).finally(() => this.#asking = undefined);
    await this.#asking;
  }

  /** Makes a request. If it is refused for want of a sign-in, asks for one, and makes the request once more. */
  async around<Answer>(send: () => Promise<Answer>, statusOf: (answer: Answer) => number | undefined): Promise<Answer> {
    const before = this.#count;
    const answer = await send();
    const status = statusOf(answer);
    if (status === undefined || !wantsSignIn(status)) return answer;
    await this.ask(before, refusal(status, ""));
    return await send();
  }

  async #askAll(ask: OnSignedOut, refused: UploadError): Promise<void> {
    try {
      await ask();
    } catch (cause) {
      throw cause instanceof UploadError ? cause : Object.assign(refused, { cause });
    }
    this.#count++;
  }
}
