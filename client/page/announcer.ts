import type { Clock } from "../clock.ts";

/** Between two texts that are spoken. */
const SHORTEST_SILENCE_SECONDS = 5;

/**
 * Says one text after the other, at most one every 5 seconds: of those that come meanwhile the latest is said, for what
 * came before it is true no more.
 */
export class Announcer {
  readonly #speak: (text: string) => void;
  readonly #clock: Clock;
  #spokenAt = -Infinity;
  #next: (() => string) | undefined;

  constructor(speak: (text: string) => void, clock: Clock) {
    this.#speak = speak;
    this.#clock = clock;
  }

  /** Says what `text` gives then: now, or as soon as 5 seconds have passed since the last one. */
  say(text: () => string): void {
    const isWaiting = this.#next !== undefined;
    this.#next = text;
    if (!isWaiting) this.#sayNext();
  }

  async #sayNext(): Promise<void> {
    const silence = this.#spokenAt + SHORTEST_SILENCE_SECONDS - this.#clock.now();
    if (silence > 0) await this.#clock.wait(silence, new AbortController().signal);
    const text = this.#next!;
    this.#next = undefined;
    this.#spokenAt = this.#clock.now();
    this.#speak(text());
  }
}
