/** A statement as the library has it. */
interface Statement {
  /** The connection to which it was given; `null` before that. */
  readonly state: object | null;
}

/**
 * Says whether a connection of a pool may have been lost in the middle of its first statement. Where an address has
 * several servers, the library tells nobody of that: it takes the next server's welcome for the answer to the statement.
 */
export class Unanswered {
  readonly #statements = new Set<Statement>();
  /** The connections that have answered since one was lost. */
  #good = new WeakSet<object>();

  /** Watches a statement until it has its answer. */
  watch(query: Promise<unknown>): void {
    const statement = query as unknown as Statement;
    this.#statements.add(statement);
    const answered = () => {
      this.#statements.delete(statement);
      if (statement.state !== null) this.#good.add(statement.state);
    };
    query.then(answered, () => this.#statements.delete(statement));
  }

  /** Is called when a connection is closed. */
  isUnsure(): boolean {
    const isUnsure = [...this.#statements].some(({ state }) => state !== null && !this.#good.has(state));
    this.#good = new WeakSet();
    return isUnsure;
  }
}
