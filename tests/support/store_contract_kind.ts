import type { ByteStore, RecordStore } from "../../server/storage/store.ts";

/** A byte store and a record store of the test's own, with nothing in them. */
export interface Stores extends AsyncDisposable {
  readonly bytes: ByteStore;
  readonly records: RecordStore;
}

/** The differences between kinds of stores. */
export interface StoreHabits {
  /** False where a path has no folders of its own, as in a bucket. */
  readonly hasFolders?: boolean;
  /** Makes a test of what needs programs. */
  readonly test?: (name: string, run: () => Promise<void>) => void;
}

/** Makes a test of one kind of stores. */
export type StoreTest = (behaviour: string, run: (stores: Stores) => Promise<void>) => void;
