import type { Clock } from "../mod.ts";

/** Between two texts that are spoken. */
const SHORTEST_SILENCE_MS = 5000;

/**
 * Says one text after the other, at most one every 5 seconds. Of those that come meanwhile, and tell where something
 * stands, the latest is said, for what came before it is true no more; what tells that something was done is said first.
 */
export class Announcer {
  readonly #speak: (text: string) => void;
  readonly #clock: Clock;
  #spokenAt = -Infinity;
  #next: (() => string) | undefined;
  readonly #done: (() => string)[] = [];
  #isSpeaking = false;

  constructor(speak: (text: string) => void, clock: Clock) {
    this.#speak = speak;
    this.#clock = clock;
  }

  /** Says what `text` gives then: now, or as soon as 5 seconds have passed since the last one. */
  say(text: () => string): void {
    this.#next = text;
    this.#sayAll();
  }

  /** Says a text that stays true: it is never left out in favour of a later one. */
  sayDone(text: string): void {
    this.#done.push(() => text);
    this.#sayAll();
  }

  async #sayAll(): Promise<void> {
    if (this.#isSpeaking) return;
    this.#isSpeaking = true;
    while (this.#done.length > 0 || this.#next !== undefined) {
      const silence = this.#spokenAt + SHORTEST_SILENCE_MS - this.#clock.now();
      if (silence > 0) await this.#clock.wait(silence, new AbortController().signal);
      const done = this.#done.shift();
      const text = done ?? this.#next!;
      if (done === undefined) this.#next = undefined;
      this.#spokenAt = this.#clock.now();
      this.#speak(text());
    }
    this.#isSpeaking = false;
  }
}
