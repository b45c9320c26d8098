/**
 * Keeps the screen on while something runs, if the browser can, because a phone whose screen goes off loses its
 * network. Also asks before the page is closed meanwhile.
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

  /** True while something runs. */
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
    // A browser may refuse it, for example when the battery is low.
    this.#lock = navigator.wakeLock?.request("screen").catch(() => undefined);
  }
}
