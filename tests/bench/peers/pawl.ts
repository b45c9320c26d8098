import { join } from "@std/path";
import { runPawl, startPawl } from "../../support/process.ts";
import { type Answer, headOf, request } from "../client.ts";
import { FORM_ANSWER, FORM_FILES, formRequest } from "./form_request.ts";
import { type Peer, SMALL_BYTES } from "./peer.ts";
import { SMALL_TUS_ANSWER, smallTusHeaders, uploadByTus } from "./tus_requests.ts";

/** The server of this checkout, as a user starts it, by the simple protocol. */
export const pawl: Peer = pawlPeer("pawl", {
  note: "on disk when it answers; checkpoints on the way",
  args: [],
  missing: () => Promise.resolve(undefined),
});

/** The same, told to promise what the others promise. */
export const relaxedPawl: Peer = pawlPeer("pawl-relaxed", {
  note: "--durability relaxed: answers before the bytes are on disk",
  args: ["--durability", "relaxed"],
  async missing() {
    const { stdout } = await runPawl(["--help"]);
    return stdout.includes("--durability") ? undefined : "this server has no --durability";
  },
});

/** The same two servers, with many small files in one request. */
export const formPawl: Peer = formPeer(pawl);
export const relaxedForm: Peer = formPeer(relaxedPawl);

/** The same server by the tus protocol, asked as @tus/server is. */
export const tusPawl: Peer = {
  name: "pawl-tus",
  note: "by tus 1.0.0; on disk when it answers",
  missing: () => Promise.resolve(undefined),
  async start(dir) {
    const server = await startPawl(dir);
    const url = `${server.url}/files/`;
    return {
      pid: server.pid,
      upload: async (file, signal) => void await uploadByTus(url, file, signal),
      received: (file) => join(dir, "files", file.name),
      small: {
        port: server.port,
        head: headOf("POST", url, smallTusHeaders("@@@@@@@@@@@@")),
        expect: SMALL_TUS_ANSWER,
        dir: join(dir, "files"),
        isOwn: () => false,
      },
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

function formPeer(peer: Peer): Peer {
  return {
    ...peer,
    name: `${peer.name}-form`,
    note: `${FORM_FILES} files in one request; ${peer.note}`,
    async start(dir, signal) {
      const running = await peer.start(dir, signal);
      const { small } = running;
      if (small === undefined) return running;
      const request = formRequest(`http://127.0.0.1:${small.port}/upload`);
      return { ...running, small: { ...small, ...request, expect: FORM_ANSWER } };
    },
  };
}

function pawlPeer(
  name: string,
  { note, args, missing }: { note: string; args: string[]; missing: Peer["missing"] },
): Peer {
  return {
    name,
    note,
    missing,
    async start(dir) {
      const server = await startPawl(dir, { args });
      const url = `${server.url}/upload`;
      const addresses = new Map<string, string>();
      return {
        pid: server.pid,
        async upload(file, signal) {
          const headers = uploadHeaders(file.name, file.size);
          const answer = await request({ method: "POST", url, headers, file }, signal);
          addresses.set(file.name, `${server.url}${locationOf(answer)}`);
        },
        received: (file) => join(dir, "files", file.name),
        address: (file) => addresses.get(file.name) ?? "",
        small: {
          port: server.port,
          head: headOf("POST", url, {
            ...uploadHeaders("small-########", SMALL_BYTES),
            "Content-Length": String(SMALL_BYTES),
          }),
          expect: new RegExp(`^HTTP/1\\.1 200 [^]*Success ${SMALL_BYTES}$`),
          dir: join(dir, "files"),
          isOwn: () => false,
        },
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  };
}

/** The headers of a whole file that is sent in one request. */
export function uploadHeaders(name: string, size: number): Record<string, string> {
  return { "X-File-Id": `${name}-${size}`, "X-Start-Byte": "0", "X-File-Size": String(size), "X-File-Name": name };
}

function locationOf({ headers }: Answer): string {
  return headers.get("location") ?? "";
}
