import { join } from "@std/path";
import { headOf } from "../client.ts";
import { scriptArgs } from "./node_pipe.ts";
import { NpmPackages } from "./packages.ts";
import type { Peer } from "./peer.ts";
import { startProcess } from "./process.ts";
import { SMALL_TUS_ANSWER, smallTusHeaders, uploadByTus } from "./tus_requests.ts";

/** The server and its store, in the versions that are measured. */
export const TUS_PACKAGES = ["@tus/server@2.4.5", "@tus/file-store@2.1.1"] as const;

const packages = new NpmPackages(TUS_PACKAGES);

/** The reference server of the tus protocol, in Node, with its own store; asked as tus-js-client does. */
export const tus: Peer = {
  name: "@tus/server",
  note: `${TUS_PACKAGES.join(" with ")} in Node: answers before the bytes are on disk`,

  missing: (signal) => packages.missing(signal),

  async start(dir) {
    const args = [...await scriptArgs("./tus_server.ts"), dir];
    // Node finds the packages from its working folder.
    const server = startProcess("node", args, packages.folder);
    const port = Number(await server.firstLine());
    const url = `http://127.0.0.1:${port}/files`;
    const paths = new Map<string, string>();
    return {
      pid: server.pid,
      async upload(file, signal) {
        const location = await uploadByTus(url, file, signal);
        paths.set(file.name, join(dir, location.slice(location.lastIndexOf("/") + 1)));
      },
      received: (file) => paths.get(file.name) ?? "",
      small: {
        port,
        head: headOf("POST", url, smallTusHeaders(btoa("small"))),
        expect: SMALL_TUS_ANSWER,
        dir,
        isOwn: (name) => name.endsWith(".json"),
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
