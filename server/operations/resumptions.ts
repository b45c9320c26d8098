/** The most uploads that are remembered. The oldest are forgotten when there are more. */
const MAX_REMEMBERED = 10_000;

/**
 * Tells which requests resume an upload. A client that sends a file in pieces goes on after each piece, and resumes
 * nothing. So a request resumes only if it starts behind byte 0, and the last body of its upload did not come whole or
 * came before this process began. An upload that was forgotten counts as resumed.
 */
export class Resumptions {
  /** The uploads whose last body came whole. */
  readonly #steady = new Set<string>();

  /** Notes how a body ended that started at byte `start`. True if its request resumed the upload. */
  ended({ id, start, isWhole, isComplete }: {
    readonly id: string;
    readonly start: number;
    readonly isWhole: boolean;
    readonly isComplete: boolean;
  }): boolean {
    const wasSteady = this.#steady.delete(id);
    if (isWhole && !isComplete) this.#remember(id);
    return start > 0 && !wasSteady;
  }

  #remember(id: string): void {
    if (this.#steady.size >= MAX_REMEMBERED) {
      for (const oldest of this.#steady) {
        this.#steady.delete(oldest);
        break;
      }
    }
    this.#steady.add(id);
  }
}
