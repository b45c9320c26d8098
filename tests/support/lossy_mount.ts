import { diskOf, type Fault, LOSSY_ROOT, type LossyDisk } from "./lossy_disk.ts";
import { FileNode, FolderNode, type Node } from "./lossy_nodes.ts";

/**
 * Lets Deno's own file functions work on lossy disks, so that the server's storage runs on them as it is; all other
 * paths stay what they were. Ends when it is disposed of.
 */
export function mountLossyDisks(): Disposable {
  const names = Object.keys(LOSSY) as (keyof typeof LOSSY)[];
  const real = Object.fromEntries(names.map((name) => [name, Deno[name] as Call]));
  Object.assign(Deno, Object.fromEntries(names.map((name) => [name, either(LOSSY[name], real[name]!)])));
  return { [Symbol.dispose]: () => void Object.assign(Deno, real) };
}

interface Place {
  readonly disk: LossyDisk;
  /** The path on the disk. */
  readonly path: string;
  readonly name: string;
  readonly parent: FolderNode;
  readonly node: Node | undefined;
}

/** Finds the node that a path leads to now. */
function look(path: string): Place {
  const { disk, parts } = diskOf(path);
  const name = parts.at(-1) ?? "";
  const parent = disk.find(parts.slice(0, -1));
  if (parent === undefined) throw new Deno.errors.NotFound(path);
  if (!(parent instanceof FolderNode)) throw new Deno.errors.NotADirectory(path);
  const node = disk.find(parts);
  return { disk, path: parts.join("/"), name, parent, node };
}

type Kind = Parameters<LossyDisk["step"]>[0]["kind"];

/** Does one step at a path; what the path means is looked at when the step happens. */
function at<T>(path: string, kind: Kind, effect: (place: Place) => T): Promise<T> {
  const { disk, parts } = diskOf(path);
  return disk.step({ kind, path: parts.join("/") }, () => effect(look(path)));
}

/** Wraps a synchronous call. */
function atNow<T>(path: string, kind: Kind, effect: (place: Place) => T): T {
  const { disk, parts } = diskOf(path);
  return disk.stepNow({ kind, path: parts.join("/") }, () => effect(look(path)));
}

function existing({ node, path }: Place): Node {
  if (node === undefined) throw new Deno.errors.NotFound(path);
  return node;
}

async function open(path: string): Promise<Deno.FsFile> {
  return opened(path, await at(path, "look", existing));
}

function openSync(path: string, { create, createNew, append }: Deno.OpenOptions = {}): Deno.FsFile {
  const { disk, parts } = diskOf(path);
  const isNew = (create || createNew) && disk.find(parts) === undefined;
  const node = atNow(path, isNew ? "create" : "look", (place) => {
    if (createNew && place.node !== undefined) throw new Deno.errors.AlreadyExists(path);
    if (!isNew) return existing(place);
    return disk.add(place.parent, place.name, (number) => new FileNode(number));
  });
  return opened(path, node, append);
}

/** Only to write nothing: that changes nothing. */
function writeFileSync(path: string, bytes: Uint8Array): void {
  if (bytes.length > 0) throw new Error("Only appending by handles is modelled");
  atNow(path, "look", existing);
}

function opened(path: string, node: Node, append = false): Deno.FsFile {
  const { disk, parts } = diskOf(path);
  return handle(disk, parts.join("/"), node, append);
}

const infoAt = (place: Place) => infoOf(place.disk, existing(place));

function stat(path: string): Promise<Deno.FileInfo> {
  return at(path, "look", infoAt);
}

function statSync(path: string): Deno.FileInfo {
  return atNow(path, "look", infoAt);
}

function linkSync(path: string, other: string): void {
  return atNow(other, "link", ({ disk, parent, name, node }) => {
    const source = disk.find(diskOf(path).parts);
    if (source === undefined) throw new Deno.errors.NotFound(path);
    if (node !== undefined) throw new Deno.errors.AlreadyExists(other);
    parent.seen.set(name, source.number);
  });
}

function makeFolder({ disk, parent, name, node, path }: Place): void {
  if (node !== undefined) throw new Deno.errors.AlreadyExists(path);
  disk.add(parent, name, (number) => new FolderNode(number));
}

async function mkdir(path: string, options?: Deno.MkdirOptions): Promise<void> {
  const { disk, parts } = diskOf(path);
  if (options?.recursive && parts.length > 1 && disk.find(parts.slice(0, -1)) === undefined) {
    await mkdir(path.slice(0, path.lastIndexOf("/")), options);
  }
  await at(path, "make folder", makeFolder);
}

function mkdirSync(path: string): void {
  atNow(path, "make folder", makeFolder);
}

const NOT_EMPTY = Object.assign(new Error("Directory not empty (os error 39)"), { code: "ENOTEMPTY" });

function removeName(place: Place): void {
  const node = existing(place);
  if (node instanceof FolderNode && node.seen.size > 0) throw NOT_EMPTY;
  place.parent.seen.delete(place.disk.nameIn(place.parent, place.name));
}

function remove(path: string): Promise<void> {
  return at(path, "remove", removeName);
}

function removeSync(path: string): void {
  atNow(path, "remove", removeName);
}

async function* readDir(path: string): AsyncIterable<Deno.DirEntry> {
  yield* await at(path, "look", entriesAt);
}

function readDirSync(path: string): Iterable<Deno.DirEntry> {
  return atNow(path, "look", entriesAt);
}

function entriesAt({ disk, node, path }: Place): Deno.DirEntry[] {
  if (!(node instanceof FolderNode)) throw new Deno.errors.NotADirectory(path);
  return [...node.seen].map(([name, number]) => ({ ...infoOf(disk, disk.nodes.get(number)!), name }));
}

function infoOf(disk: LossyDisk, node: Node): Deno.FileInfo {
  const isFile = node instanceof FileNode;
  return {
    isFile,
    isDirectory: !isFile,
    isSymlink: false,
    size: isFile ? node.seen.length : 0,
    mtime: new Date(isFile ? node.modifiedAt : 0),
    birthtime: null,
    dev: 1,
    ino: node.number,
    nlink: disk.namesOf(node.number),
  } as Deno.FileInfo;
}

/** An open file or folder. */
function handle(disk: LossyDisk, path: string, node: Node, append: boolean): Deno.FsFile {
  let position = 0;
  const file = () => {
    if (node instanceof FileNode) return node;
    throw new Error("Is a directory (os error 21)");
  };

  async function flush(): Promise<void> {
    const { done, fail } = node.flush();
    const kind = node instanceof FileNode ? "flush" : "flush folder";
    await disk.step({ kind, path }, (fault) => {
      if (fault === undefined) return done();
      fail();
      throw fault.error;
    }, true);
  }

  const write = (bytes: Uint8Array) => (fault?: Fault) => {
    if (fault !== undefined && !fault.short) throw fault.error;
    if (!append) throw new Error("Only appending is modelled");
    const taken = fault === undefined ? bytes : bytes.subarray(0, bytes.length >> 1);
    file().write(taken);
    return taken.length;
  };

  const opened = {
    write: (bytes: Uint8Array) => disk.step({ kind: "write", path }, write(bytes), true),
    writeSync: (bytes: Uint8Array) => disk.stepNow({ kind: "write", path }, write(bytes), true),
    read: (buffer: Uint8Array) =>
      disk.step({ kind: "look", path }, () => {
        const bytes = file().seen.subarray(position, position + buffer.length);
        buffer.set(bytes);
        position += bytes.length;
        return bytes.length === 0 ? null : bytes.length;
      }),
    seek: (offset: number) => Promise.resolve(position = offset),
    seekSync: (offset: number) => position = offset,
    truncate: (length: number) => disk.step({ kind: "cut", path }, () => file().cut(length)),
    statSync: () => disk.stepNow({ kind: "look", path }, () => infoOf(disk, node)),
    stat: () => disk.step({ kind: "look", path }, () => infoOf(disk, node)),
    utimeSync(_accessed: number | Date, modified: number | Date) {
      disk.stepNow({ kind: "touch", path }, () => void (file().modifiedAt = Number(modified)));
    },
    syncData: flush,
    sync: flush,
    tryLockSync() {
      const isFree = file().lockedBy === undefined;
      if (isFree) file().lockedBy = opened;
      return isFree;
    },
    unlockSync() {
      if (node instanceof FileNode && node.lockedBy === opened) node.lockedBy = undefined;
    },
    close() {
      disk.opened.delete(opened);
      opened.unlockSync();
    },
    get readable() {
      return ReadableStream.from((function* () {
        yield file().seen.subarray(position);
        opened.close();
      })());
    },
  };
  disk.opened.add(opened);
  return opened as unknown as Deno.FsFile;
}

/** The part of Deno's own that the server's storage uses. */
const LOSSY = {
  open,
  openSync,
  writeFileSync,
  stat,
  statSync,
  lstat: stat,
  lstatSync: statSync,
  linkSync,
  mkdir,
  mkdirSync,
  remove,
  removeSync,
  readDir,
  readDirSync,
};

type Call = (path: string, ...rest: never[]) => unknown;

/** The one for a path on a lossy disk, the other for every other path. */
function either(lossy: Call, real: Call): Call {
  return (path, ...rest) => (String(path).startsWith(LOSSY_ROOT) ? lossy : real)(path, ...rest);
}
