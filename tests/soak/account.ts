/** What a run has counted, and what it holds against the server. */
export class Account {
  uploads = 0;
  formFiles = 0;
  pipedOverGib = 0;
  finishedBytes = 0;
  sentBytes = 0;
  /** Connections that broke because they were told to. */
  breaks = 0;
  takeOvers = 0;
  /** Connections that the server cut, because it was restarted or killed. */
  cuts = 0;
  /** Offsets and files that were held against what was acknowledged before. */
  acknowledgements = 0;
  comparedFiles = 0;
  comparedBytes = 0;
  /** What must not be, each in a line. The first one ends the run. */
  readonly faults: string[] = [];
  readonly #onFault: () => void;

  constructor(onFault: () => void) {
    this.#onFault = onFault;
  }

  fault(line: string): void {
    this.faults.push(line);
    this.#onFault();
  }
}

/** Holds the server to what it has acknowledged of one file. */
export class Promises {
  /** The furthest offset that any answer has named. */
  acknowledged = 0;
  /** The end of the furthest byte that was sent. */
  sent = 0;
  readonly #account: Account;
  readonly #about: string;

  constructor(account: Account, about: string) {
    this.#account = account;
    this.#about = about;
  }

  /** Takes an offset that an answer names. False, and a fault, if it cannot be. */
  take(offset: number): boolean {
    this.#account.acknowledgements++;
    if (!Number.isInteger(offset) || offset > this.sent) return this.#fault(`has ${offset} of ${this.sent} sent bytes`);
    if (offset < this.acknowledged) {
      return this.#fault(`has ${offset} bytes, but ${this.acknowledged} were acknowledged`);
    }
    this.acknowledged = offset;
    return true;
  }

  #fault(problem: string): false {
    this.#account.fault(`${this.#about} ${problem}`);
    return false;
  }
}
