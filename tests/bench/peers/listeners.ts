import { fromFileUrl } from "@std/path";
import { startPawl } from "../../support/process.ts";
import { request } from "../client.ts";
import { type Bench, type Candidate, WrongResult } from "../job.ts";
import { lastingFolder } from "../measure.ts";
import type { SourceFile } from "../source.ts";
import { startProcess } from "./process.ts";
import { uploadHeaders } from "./pawl.ts";

/** What makes the connections of a server. */
export type Listening = "deno" | "node";

/** A server that is measured with each listener. */
export interface Listened extends Candidate {
  readonly listener: Listening;
  start(bench: Bench): Promise<RunningListener>;
}

/** A started server; leaving its scope ends its process. */
export interface RunningListener extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** What is asked for again and again, by its name. */
  readonly asked: Readonly<Record<string, Asked>>;
  /** Sends a body, and waits for the answer behind its end. */
  upload(file: SourceFile, signal: AbortSignal): Promise<void>;
}

/** A small request, and what the whole answer must match. */
export interface Asked {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly expect: string;
}

/** A finished upload whose status is asked for. */
const UPLOAD = { "X-File-Id": "asked", "X-Start-Byte": "0", "X-File-Name": "asked" };
const LENGTH = 4096;

/** Pawl with a listener. */
export function pawlWith(listener: Listening): Listened {
  return {
    name: `pawl-${listener}`,
    note: `--listener=${listener} --durability=relaxed`,
    listener,
    missing: () => Promise.resolve(undefined),
    async start(bench) {
      const server = await startPawl(await lastingFolder(bench, "listener"), {
        args: [`--listener=${listener}`, "--durability=relaxed"],
      });
      const made = await fetch(`${server.url}/upload`, {
        method: "POST",
        headers: { ...UPLOAD, "X-File-Size": String(LENGTH) },
        body: new Uint8Array(LENGTH),
      });
      if (await made.text() !== `Success ${LENGTH}`) throw new WrongResult(`An upload is answered ${made.status}`);
      return {
        pid: server.pid,
        port: server.port,
        asked: {
          "/healthz": { path: "/healthz", expect: `^HTTP/1\\.1 200 [^]*\\r\\n\\r\\n{"alive":true}$` },
          "status": {
            path: "/status",
            headers: { "X-File-Id": UPLOAD["X-File-Id"] },
            expect: `^HTTP/1\\.1 200 [^]*\\r\\n\\r\\n${LENGTH}$`,
          },
        },
        async upload(file, signal) {
          const headers = uploadHeaders(crypto.randomUUID(), file.size);
          await request({ method: "POST", url: `${server.url}/upload`, headers, file }, signal);
        },
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  };
}

/** The smallest server that a listener can be. */
export function bareWith(listener: Listening): Listened {
  return {
    name: `bare-${listener}`,
    note: "answers ok, and throws bodies away",
    listener,
    missing: () => Promise.resolve(undefined),
    async start() {
      const script = fromFileUrl(new URL("./bare_server.ts", import.meta.url));
      const server = startProcess(Deno.execPath(), ["run", "-A", "--no-check", script, listener], ".");
      const port = Number(await server.firstLine());
      return {
        pid: server.pid,
        port,
        asked: { "/healthz": { path: "/", expect: "^HTTP/1\\.1 200 [^]*\\r\\n\\r\\nok$" } },
        upload: async (file, signal) =>
          void await request({ method: "POST", url: `http://127.0.0.1:${port}/`, file }, signal),
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  };
}
