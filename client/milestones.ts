import type { Progress } from "./uploader.ts";

const STEP = 0.25;
const SHORTEST_SILENCE_SECONDS = 10;

/** Decides when a screen reader hears how far an upload is: at each quarter, and not more often than every 10 seconds. */
export class Milestones {
  #reached = 0;
  #spokenAt: number;

  /** `nowSeconds` is when the upload began; the status has just been spoken. */
  constructor(nowSeconds: number) {
    this.#spokenAt = nowSeconds;
  }

  /** True when the quarter that `progress` has reached is to be spoken now. */
  isDue({ state, sent, total }: Progress, nowSeconds: number): boolean {
    const reached = total === 0 ? 0 : Math.floor(sent / total / STEP);
    if (state !== "sending" || reached <= this.#reached || sent === total) return false;
    this.#reached = reached;
    if (nowSeconds - this.#spokenAt < SHORTEST_SILENCE_SECONDS) return false;
    this.#spokenAt = nowSeconds;
    return true;
  }
}
