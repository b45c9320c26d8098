/**
 * Keeps the screen on while something runs, where the browser can, and asks before the page is left. A screen that goes
 * off takes a phone's network with it.
 */
export class Awake {
  #isNeeded = false;
  #lock: Promise<WakeLockSentinel | undefined> | undefined;

  constructor() {
    // The browser takes the lock away when the page is hidden.
    document.addEventListener("visibilitychange", () => this.#update());
    addEventListener("beforeunload", (event) => {
      if (this.#isNeeded) event.preventDefault();
    });
  }

  /** Whether something runs now. */
  set isNeeded(isNeeded: boolean) {
    if (isNeeded === this.#isNeeded) return;
    this.#isNeeded = isNeeded;
    this.#update();
  }

  async #update(): Promise<void> {
    const isWanted = this.#isNeeded && document.visibilityState === "visible";
    const before = this.#lock;
    if (!isWanted) this.#lock = undefined;
    const held = await before;
    if (!isWanted) return await held?.release();
    if (held?.released === false || this.#lock !== before) return;
    // A battery that is low is reason enough to be refused.
    this.#lock = navigator.wakeLock?.request("screen").catch(() => undefined);
  }
}
