/** A place at the head of a line; disposing of it lets the next one in. */
export interface Turn extends Disposable {
  /** Calls back, as soon as somebody waits for the next turn. */
  whenWanted(call: () => void): void;
}

interface Place {
  readonly left: Promise<void>;
  /** Tells whoever has the turn that somebody waits. */
  want(): void;
}

/** Lets callers with the same key go one after the other, in the order in which they came. */
export class Turns {
  readonly #last = new Map<string, Place>();

  /** Waits until all that came before with this key have left; the caller's turn lasts until it disposes of it. */
  async enter(key: string): Promise<Turn> {
    const before = this.#last.get(key);
    const turn = this.#take(key);
    before?.want();
    await before?.left;
    return turn;
  }

  /** The same for who will not wait: `undefined` where there is a line. */
  enterAtOnce(key: string): Turn | undefined {
    return this.#last.has(key) ? undefined : this.#take(key);
  }

  #take(key: string): Turn {
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    let isWanted = false;
    let call = () => {};
    const place: Place = {
      left,
      want() {
        isWanted = true;
        call();
      },
    };
    this.#last.set(key, place);
    return {
      whenWanted(then) {
        call = then;
        if (isWanted) then();
      },
      [Symbol.dispose]: () => {
        if (this.#last.get(key) === place) this.#last.delete(key);
        leave();
      },
    };
  }
}
