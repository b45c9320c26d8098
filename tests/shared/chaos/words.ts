import { appendHeaders } from "../../support/ietf_wire.ts";
import { head, type RawAnswer } from "../../support/raw.ts";
import { base64, BODY_TYPE } from "../../support/tus_wire.ts";

/** The protocols that a client may speak. */
export const PROTOCOLS = ["simple", "tus", "ietf"] as const;
export type Protocol = typeof PROTOCOLS[number];

/** What an answer tells of an upload. */
export interface Told {
  readonly offset: number;
  readonly isComplete: boolean;
  readonly location: string | undefined;
}

/** The words of one protocol for one file. */
export interface Words {
  /** The request that begins the upload, for a protocol in which that is a request of its own. */
  readonly begin: string | undefined;
  /** The request for the offset. */
  ask(location: string | undefined): string;
  /** The head of a request whose body goes from `start` to `end`. */
  send(start: number, end: number, location: string | undefined): string;
  /** The offset in an answer; `undefined` for a refusal. */
  read(answer: RawAnswer): Told | undefined;
}

/** A file as a client announces it. */
interface Announced {
  readonly id: string;
  /** The file's name; its id by default. */
  readonly name?: string;
  readonly size: number;
}

/** The words for a file. The simple protocol knows it by its id, and the others by its address alone. */
export function wordsOf(protocol: Protocol, { id, name = id, size }: Announced): Words {
  if (protocol === "simple") return simpleWords({ id, name, size });
  return protocol === "tus" ? tusWords(name, size) : ietfWords(name, size);
}

function simpleWords({ id, name, size }: Required<Announced>): Words {
  return {
    begin: undefined,
    ask: () => head("GET /status", { "X-File-Id": id }),
    send: (start, end) =>
      head("POST /upload", {
        "X-File-Id": id,
        "X-File-Name": name,
        "X-Start-Byte": start,
        "X-File-Size": size,
        "X-Start-Over": "?0",
        "Content-Length": end - start,
      }),
    read: ({ status, headers }) => status === 200 ? told(headers, headers.get("upload-complete") === "?1") : undefined,
  };
}

function tusWords(name: string, size: number): Words {
  const tus = { "Tus-Resumable": "1.0.0" };
  return {
    begin: head("POST /files/", {
      ...tus,
      "Upload-Length": size,
      "Upload-Metadata": `filename ${base64(name)}`,
      "Content-Length": 0,
    }),
    ask: (location) => head(`HEAD ${location}`, tus),
    send: (start, end, location) =>
      head(`PATCH ${location}`, {
        ...tus,
        "Content-Type": BODY_TYPE,
        "Upload-Offset": start,
        "Content-Length": end - start,
      }),
    read: ({ status, headers }) =>
      [200, 201, 204].includes(status) ? told(headers, Number(headers.get("upload-offset") ?? 0) === size) : undefined,
  };
}

function ietfWords(name: string, size: number): Words {
  return {
    begin: head("POST /files/", {
      "Upload-Complete": "?0",
      "Upload-Length": size,
      "Content-Disposition": `attachment; filename="${name}"`,
      "Content-Length": 0,
    }),
    ask: (location) => head(`HEAD ${location}`, { "Upload-Draft-Interop-Version": 8 }),
    send: (start, end, location) =>
      head(`PATCH ${location}`, { ...appendHeaders(start, end === size), "Content-Length": end - start }),
    read: ({ status, headers }) =>
      [201, 204].includes(status) ? told(headers, headers.get("upload-complete") === "?1") : undefined,
  };
}

function told(headers: Headers, isComplete: boolean): Told {
  return {
    offset: Number(headers.get("upload-offset") ?? 0),
    isComplete,
    location: headers.get("location") ?? undefined,
  };
}
