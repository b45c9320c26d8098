import { join } from "@std/path";
import { run, versionOf } from "../disk.ts";
import type { Peer } from "./peer.ts";

/** The same disk without network and protocol: what a durable copy costs at the least. */
export const dd: Peer = copyPeer("dd", {
  note: "bs=1M conv=fdatasync: on disk when it ends",
  args: (from, to) => [`if=${from}`, `of=${to}`, "bs=1M", "conv=fdatasync"],
});

/** What a copy costs that is not on disk when it ends. */
export const cp: Peer = copyPeer("cp", {
  note: "--reflink=never: not on disk when it ends",
  // A clone of the file's extents, where the file system can, would copy nothing.
  args: (from, to) => ["--reflink=never", from, to],
});

function copyPeer(
  name: string,
  { note, args }: { note: string; args: (from: string, to: string) => string[] },
): Peer {
  return {
    name,
    note,
    missing: async () => await versionOf(name) === undefined ? `${name} is not installed` : undefined,
    start(dir) {
      const received = (file: { name: string }) => join(dir, file.name);
      return Promise.resolve({
        // A process of its own for every file, gone with its figures at the end.
        pid: undefined,
        upload: (file, signal) => run(name, args(file.path, received(file)), signal),
        received,
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
  };
}
