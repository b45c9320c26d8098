import type { ByteStore, UnfinishedFile } from "../../server/storage/store.ts";

/** The unfinished files that a process has open. */
export interface WatchedFiles {
  /** Makes a store whose open files are known. */
  watch(bytes: ByteStore): ByteStore;
  /** The lengths in bytes of those that are open, by the upload's id. */
  lengths(): Map<string, number>;
}

/** Watches no store yet. */
export function watchedFiles(): WatchedFiles {
  const open = new Map<string, UnfinishedFile>();

  function watched<T extends string | undefined>(id: string, file: UnfinishedFile | T): UnfinishedFile | T {
    if (typeof file !== "object") return file;
    open.set(id, file);
    const close = file[Symbol.asyncDispose].bind(file);
    file[Symbol.asyncDispose] = async () => {
      if (open.get(id) === file) open.delete(id);
      await close();
    };
    return file;
  }

  return {
    watch: (bytes) => ({
      ...bytes,
      create: async (id) => watched(id, await bytes.create(id)),
      open: async (id, offset) => watched(id, await bytes.open(id, offset)),
    }),
    lengths: () => new Map([...open].map(([id, { length }]) => [id, length])),
  };
}
