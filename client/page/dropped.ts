/** A file that was chosen, dropped or pasted. */
export interface Picked {
  file: File;
  /** Its path, which begins with the folder that was chosen. */
  path?: string | undefined;
  handle?: FileSystemFileHandle | undefined;
}

/** Chromium has this method. TypeScript's types for the DOM do not have it. */
interface HandleItem extends DataTransferItem {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

interface Dropped {
  file: File | null;
  entry: FileSystemEntry | null;
  handle: Promise<FileSystemHandle | null> | undefined;
}

/** Called with what could not be taken. */
export interface LeftOut {
  /** The name of a file or folder that the browser cannot read. */
  onUnreadable(name: string): void;
  /** A folder in which there is nothing. */
  onEmptyFolder(): void;
}

/**
 * Reads the files that were dropped or pasted, with everything in their folders, and gives them in portions. It must be
 * called inside the event, because `items` lose their contents after it. This function takes what it needs of them
 * before it returns.
 */
export function droppedFiles(items: DataTransferItemList, leftOut: LeftOut): AsyncGenerator<Picked[]> {
  const dropped = [...items].filter(({ kind }) => kind === "file").map((item: HandleItem): Dropped => ({
    file: item.getAsFile(),
    entry: item.webkitGetAsEntry?.() ?? null,
    // Only a handle lets a later page open the file again.
    handle: item.getAsFileSystemHandle?.().catch(() => null),
  }));
  return readAll(dropped, leftOut);
}

async function* readAll(dropped: readonly Dropped[], leftOut: LeftOut): AsyncGenerator<Picked[]> {
  for (const { file, entry, handle } of dropped) {
    if (isFolder(entry)) {
      yield* readFolder(entry, leftOut);
    } else if (file !== null) {
      const found = await handle;
      yield [{ file, handle: isFileHandle(found) ? found : undefined }];
    }
  }
}

async function* readFolder(folder: FileSystemDirectoryEntry, leftOut: LeftOut): AsyncGenerator<Picked[]> {
  const reader = folder.createReader();
  const folders: FileSystemDirectoryEntry[] = [];
  for (let isFirst = true;; isFirst = false) {
    // The reader gives some entries at a time, a hundred in Chromium, and none when there are no more.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
      .catch(() => leftOut.onUnreadable(folder.name));
    if (isFirst && entries?.length === 0) leftOut.onEmptyFolder();
    if (entries === undefined || entries.length === 0) break;
    const files = await Promise.all(entries.filter(isFile).map((entry) => readFile(entry, leftOut)));
    yield files.filter((picked) => picked !== undefined);
    folders.push(...entries.filter(isFolder));
  }
  for (const inner of folders) yield* readFolder(inner, leftOut);
}

async function readFile(entry: FileSystemFileEntry, { onUnreadable }: LeftOut): Promise<Picked | undefined> {
  try {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return { file, path: entry.fullPath.replace(/^\//, "") };
  } catch {
    onUnreadable(entry.name);
    return undefined;
  }
}

function isFolder(entry: FileSystemEntry | null): entry is FileSystemDirectoryEntry {
  return entry?.isDirectory === true;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFileHandle(handle: FileSystemHandle | null | undefined): handle is FileSystemFileHandle {
  return handle?.kind === "file";
}
