import { lockedElsewhere, takenOver } from "../../server/model/agree.ts";
import type {
  BytesChange,
  BytesRow,
  BytesState,
  Json,
  LatePlace,
  Lease,
  Leases,
  WritersOfInstance,
} from "../../server/storage/shared/leases.ts";

/** The leases of one instance, on rows in the test's memory. */
export interface MemoryLeases extends Leases {
  /** Commits what is left to be committed with the upload's record, as a store of records does. */
  recorded(id: string): Promise<void>;
  /** From now on the instance answers no other one, as if it was stopped. Its commits go on. */
  fallSilent(): void;
}

interface Row {
  state: BytesState;
  writtenBy: string | undefined;
  clean: boolean;
  token: string | undefined;
  holder: Instance | undefined;
  origins: readonly string[];
  touchedAt: number;
  multipartSince: number | undefined;
  /** The ETags of parts, by the keys of their objects. */
  etags: ReadonlyMap<string, readonly string[]>;
}

interface Instance {
  writers: WritersOfInstance;
  isSilent: boolean;
}

const MINUTE_MS = 60_000;

interface Waiting {
  readonly state?: BytesChange;
  readonly committed?: () => void;
  /** True or false when the writer lets go with the record. */
  readonly letsGo?: boolean;
}

/** Rows of bytes that several instances of a test share. `now` is the clock of the "database", in milliseconds. */
export class MemoryRows {
  readonly #rows = new Map<string, Row>();
  readonly #working = new Set<string>();
  readonly #texts = new Map<string, string>();
  readonly #late = new Map<string, LatePlace & { looks: number; dueAt: number }>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The leases of one more instance. */
  instance(): MemoryLeases {
    const rows = this.#rows;
    const me: Instance = {
      writers: {
        stop: async () => {},
        settle: async () => {},
        follow: () => Promise.resolve(true),
        holds: () => false,
      },
      isSilent: false,
    };
    const waiting = new Map<string, Waiting>();
    const lent = new Set<string>();
    const others = (id: string) => {
      const row = rows.get(id);
      return row?.token !== undefined && row.holder !== me ? row.holder : undefined;
    };
    const lend = (id: string, row: Row): Lease => {
      const token = newToken();
      const found = asRow(row);
      Object.assign(row, { token, holder: me, clean: false, touchedAt: this.#now() });
      lent.add(token);
      return this.#lease({ id, token, found, waiting, lent });
    };
    /** Resolves when the holder has done what it is asked to. A silent one is given up at once. */
    const ask = async (holder: Instance, work: (writers: WritersOfInstance) => Promise<void>) => {
      if (!holder.isSilent) await work(holder.writers);
    };
    return {
      create: (id, layout) => {
        if (rows.has(id)) return Promise.resolve("locked");
        const row = this.#row({ layout, length: 0, isMultipart: false }, [id]);
        rows.set(id, row);
        return Promise.resolve(lend(id, row));
      },
      async take(id, offset) {
        const holder = others(id);
        if (holder !== undefined && offset !== undefined && !holder.isSilent) {
          if (!await holder.writers.follow(id, offset)) return "receiving";
        } else if (holder !== undefined) await ask(holder, (writers) => writers.stop(id));
        const row = rows.get(id);
        if (row === undefined) return undefined;
        return row.token !== undefined && lent.has(row.token) ? "locked" : lend(id, row);
      },
      read: (id) => {
        const row = rows.get(id);
        const { newParts: _, ...left } = waiting.get(id)?.state ?? {};
        return Promise.resolve(row && { ...asRow(row), ...left });
      },
      adopt: (from, id) => {
        if (rows.get(id)?.origins.includes(from)) return Promise.resolve();
        const row = rows.get(from);
        if (row === undefined || rows.has(id)) {
          return Promise.reject(new Error(`Upload ${id} cannot adopt the bytes of ${from}`));
        }
        if (row.token !== undefined) return Promise.reject(lockedElsewhere());
        const { clean, writtenBy, etags } = row;
        rows.set(id, { ...this.#row(row.state, [id, ...row.origins]), clean, writtenBy, etags });
        return Promise.resolve();
      },
      isAdopted: (id) =>
        Promise.resolve([...rows].some(([other, { origins }]) => other !== id && origins.includes(id))),
      remove: (id, token) => {
        const row = rows.get(id);
        if (token !== undefined && row !== undefined && row.token !== token) return Promise.resolve([]);
        const origins = rows.get(id)?.origins ?? [id];
        rows.delete(id);
        const needed = this.#needed();
        return Promise.resolve(origins.filter((origin) => !needed.has(origin)));
      },
      needed: (ids) => {
        const needed = this.#needed();
        return Promise.resolve(new Set(ids.filter((id) => needed.has(id))));
      },
      async *ids() {
        yield* [...rows.keys()];
      },
      ageMs: (id) => {
        const row = rows.get(id);
        return Promise.resolve(row && this.#now() - row.touchedAt);
      },
      expectLate: (place) => {
        this.#late.set(`${place.key} ${place.id}`, { ...place, looks: 0, dueAt: this.#now() + MINUTE_MS });
        return Promise.resolve();
      },
      latePlaces: (limit) => {
        const due = [...this.#late.values()].filter(({ dueAt, looks }) => dueAt <= this.#now() && looks < 16);
        for (const place of due.slice(0, limit)) place.dueAt = this.#now() + MINUTE_MS * 2 ** place.looks++;
        return Promise.resolve(due.slice(0, limit).map(({ key, id }) => ({ key, id })));
      },
      multiparts: ({ idleMs, oldMs }, limit, after = "") => {
        const now = this.#now();
        const due = [...rows].filter(([, { token, touchedAt, multipartSince }]) =>
          multipartSince !== undefined &&
          (now - multipartSince >= oldMs || token === undefined && now - touchedAt >= idleMs)
        );
        const ids = due.map(([id]) => id).filter((id) => id > after).sort();
        return Promise.resolve(ids.slice(0, limit));
      },
      async settled(id) {
        const holder = others(id);
        if (holder !== undefined) await ask(holder, (writers) => writers.settle(id));
      },
      isHeldElsewhere(id) {
        const holder = others(id);
        return Promise.resolve(holder !== undefined && !holder.isSilent && holder.writers.holds(id));
      },
      serve: (writers) => void (me.writers = writers),
      alone: async (name, work) => {
        if (this.#working.has(name)) return false;
        this.#working.add(name);
        try {
          await work(new AbortController().signal);
        } finally {
          this.#working.delete(name);
        }
        return true;
      },
      remember: (name, text) => {
        if (!this.#texts.has(name)) this.#texts.set(name, text);
        return Promise.resolve(this.#texts.get(name)!);
      },
      recall: (name) => Promise.resolve(this.#texts.get(name)),
      recorded: (id) =>
        Promise.try(() => {
          const left = waiting.get(id);
          const row = rows.get(id);
          if (left === undefined) return;
          if (row === undefined || row.holder !== me) throw takenOver();
          waiting.delete(id);
          if (left.state !== undefined) this.#commit(row, row.token!, left.state);
          if (left.letsGo !== undefined) this.#free(row, left.letsGo);
          left.committed?.();
        }),
      fallSilent: () => void (me.isSilent = true),
    };
  }

  #lease(
    { id, token, found, waiting, lent }: Pick<Lease, "id" | "token" | "found"> & {
      waiting: Map<string, Waiting>;
      lent: Set<string>;
    },
  ): Lease {
    let isReleased = false;
    let numbers = 0;
    const mine = () => {
      const row = this.#rows.get(id);
      if (row === undefined || row.token !== token) throw takenOver();
      return row;
    };
    return {
      id,
      token,
      found,
      nextNumber: () => ++numbers,
      commit: (state) =>
        Promise.try(() => {
          this.#commit(mine(), token, state);
          waiting.delete(id);
        }),
      verify: () => Promise.resolve(),
      check: () => Promise.try(() => void mine()),
      commitWithRecord: (state, committed = () => {}) => void waiting.set(id, { ...waiting.get(id), state, committed }),
      releaseWithRecord: (clean) => void waiting.set(id, { ...waiting.get(id), letsGo: clean }),
      etags: (multipart) => Promise.resolve(this.#rows.get(id)?.etags.get(multipart) ?? []),
      abandon() {
        isReleased = true;
        lent.delete(token);
        waiting.delete(id);
      },
      release: (clean) =>
        Promise.try(() => {
          if (isReleased) return;
          isReleased = true;
          lent.delete(token);
          const left = waiting.get(id);
          waiting.delete(id);
          const row = this.#rows.get(id);
          if (row?.token !== token) return;
          if (left?.state !== undefined) this.#commit(row, token, left.state);
          this.#free(row, clean);
          left?.committed?.();
        }),
    };
  }

  #row(state: BytesState, origins: readonly string[]): Row {
    const touchedAt = this.#now();
    return {
      state,
      origins,
      touchedAt,
      clean: true,
      writtenBy: undefined,
      token: undefined,
      holder: undefined,
      multipartSince: state.isMultipart ? touchedAt : undefined,
      etags: new Map(),
    };
  }

  #free(row: Row, clean: boolean): void {
    Object.assign(row, { token: undefined, holder: undefined, clean, touchedAt: this.#now() });
  }

  #commit(row: Row, token: string, { newParts = [], ...state }: BytesChange): void {
    row.state = structuredClone(state);
    for (const { multipart, first, etags } of newParts) {
      const known = row.etags.get(multipart) ?? [];
      if (known.length < first - 1) throw new Error(`Parts of ${multipart} are missing before part ${first}`);
      const again = known.slice(first - 1);
      if (again.some((etag, at) => etag !== (etags[at] ?? etag))) throw new Error(`A part of ${multipart} has changed`);
      row.etags = new Map(row.etags).set(multipart, [...known, ...etags.slice(again.length)]);
    }
    row.writtenBy = token;
    row.touchedAt = this.#now();
    row.multipartSince = state.isMultipart ? row.multipartSince ?? row.touchedAt : undefined;
  }

  #needed(): ReadonlySet<string> {
    return new Set([...this.#rows.values()].flatMap(({ origins }) => origins));
  }
}

function asRow({ state, writtenBy, clean }: Row): BytesRow {
  return { ...structuredClone(state), writtenBy, clean };
}

function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** A layout of no bytes, for tests that look at leases alone. */
export const NO_BYTES: Json = [];
