import { join } from "@std/path";
import { run, versionOf } from "./disk.ts";
import type { Peer } from "./peer.ts";

/** The same disk without network and protocol: what a durable copy costs at the least. */
export const dd: Peer = {
  name: "dd",
  note: "bs=1M conv=fdatasync: on disk when it ends",
  missing: async () => await versionOf("dd") === undefined ? "dd is not installed" : undefined,
  start(dir) {
    const received = (file: { name: string }) => join(dir, file.name);
    return Promise.resolve({
      // A process of its own for every file, gone with its figures at the end.
      pid: undefined,
      upload: (file, signal) =>
        run("dd", [`if=${file.path}`, `of=${received(file)}`, "bs=1M", "conv=fdatasync"], signal),
      received,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
};
