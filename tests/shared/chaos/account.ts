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
    this.breaks.set(what, (this.breaks.get(what) ?? 0) + 1);
  }

  fault(line: string): void {
    this.faults.push(line);
  }

  /** All counts, in a line. */
  get told(): string {
    const broken = [...this.breaks].sort().map(([what, count]) => `${count} ${what}`).join(", ");
    return `${this.files} files with ${Math.round(this.bytes / 2 ** 20)} MiB compared, ${this.requests} requests, ` +
      `${this.offsets} offsets; broken by ${broken}`;
  }
}
