/** True when a run shows what happens, for whoever looks for the cause of a fault. */
export const IS_SHOWN = Deno.env.get("PAWL_SHOW") === "1";

/** What a run has counted, and what it holds against the server. */
export class ChaosAccount {
  files = 0;
  bytes = 0;
  requests = 0;
  /** Offsets that were held against what had been acknowledged before. */
  offsets = 0;
  readonly breaks = new Map<string, number>();
  /** What must not be, each in a line. */
  readonly faults: string[] = [];

  broke(what: string): void {
    this.say(what);
    this.breaks.set(what, (this.breaks.get(what) ?? 0) + 1);
  }

  /** Prints what happens, if that is shown. */
  say(what: string): void {
    // deno-lint-ignore no-console -- as above
    if (IS_SHOWN) console.log(`${Math.round(performance.now()) / 1000} ${what}`);
  }

  fault(line: string): void {
    this.say(`FAULT ${line}`);
    this.faults.push(line);
  }

  /** All counts, in a line. */
  get told(): string {
    const broken = [...this.breaks].sort().map(([what, count]) => `${count} ${what}`).join(", ");
    return `${this.files} files with ${Math.round(this.bytes / 2 ** 20)} MiB compared, ${this.requests} requests, ` +
      `${this.offsets} offsets; broken by ${broken}`;
  }
}
