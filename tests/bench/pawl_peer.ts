import { join } from "@std/path";
import { startPawl } from "../support/process.ts";
import { post } from "./client.ts";
import type { Peer } from "./peer.ts";

/** The server of this checkout, as a user starts it, by the simple protocol. */
export const pawl: Peer = {
  name: "pawl",
  note: "on disk when it answers; checkpoints on the way",
  missing: () => Promise.resolve(undefined),
  async start(dir) {
    const server = await startPawl(dir);
    return {
      pid: server.pid,
      async upload(file, signal) {
        const headers = {
          "X-File-Id": `${file.name}-${file.size}`,
          "X-Start-Byte": "0",
          "X-File-Size": String(file.size),
          "X-File-Name": encodeURIComponent(file.name),
        };
        await post(`${server.url}/upload`, headers, file, signal);
      },
      received: (file) => join(dir, "files", file.name),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
