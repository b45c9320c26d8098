import { base64, BODY_TYPE } from "../support/tus_wire.ts";
import { head, type RawAnswer } from "../support/raw.ts";
import type { PlannedFile } from "./plan.ts";

/** What an answer tells of an upload. */
export interface Told {
  readonly offset: number;
  readonly isComplete: boolean;
  readonly location: string | undefined;
}

/** The words of one protocol for one file on its way. */
export interface Words {
  /** The request that begins the upload, for a protocol in which that is a request of its own. */
  readonly begin: string | undefined;
  /** The request for the offset. */
  ask(location: string | undefined): string;
  /** The head of the request whose body goes from `offset` to the end of the file. */
  send(offset: number, location: string | undefined): string;
  /** The offset in an answer; `undefined` for an answer that is none of these. */
  read(answer: RawAnswer): Told | undefined;
  /** True if a last request without a body tells the length, which a pipe knows only at its end. */
  readonly endsApart: boolean;
  /** That request. */
  end(location: string | undefined): string;
}

/** The simple protocol, for a file or for a pipe whose length nobody knows. */
export function simpleWords({ id, name, source }: PlannedFile, isPiped: boolean): Words {
  const { size } = source;
  return {
    begin: undefined,
    endsApart: false,
    ask: () => head("GET /status", { "X-File-Id": id }),
    send: (offset) =>
      head("POST /upload", {
        "X-File-Id": id,
        "X-File-Name": name,
        "X-Start-Byte": offset,
        "X-Start-Over": "?0",
        ...isPiped ? { "Transfer-Encoding": "chunked" } : { "X-File-Size": size, "Content-Length": size - offset },
      }),
    end: () => "",
    read: ({ status, headers }) => status === 200 ? told(headers, headers.get("upload-complete") === "?1") : undefined,
  };
}

/** The tus protocol, with the length deferred for a pipe. */
export function tusWords({ name, source }: PlannedFile, isPiped: boolean): Words {
  const { size } = source;
  const tus = { "Tus-Resumable": "1.0.0" };
  const patch = { ...tus, "Content-Type": BODY_TYPE };
  return {
    begin: head("POST /files/", {
      ...tus,
      ...isPiped ? { "Upload-Defer-Length": 1 } : { "Upload-Length": size },
      "Upload-Metadata": `filename ${base64(name)}`,
      "Content-Length": 0,
    }),
    endsApart: isPiped,
    ask: (location) => head(`HEAD ${location}`, tus),
    send: (offset, location) =>
      head(`PATCH ${location}`, {
        ...patch,
        "Upload-Offset": offset,
        ...isPiped ? { "Transfer-Encoding": "chunked" } : { "Content-Length": size - offset },
      }),
    end: (location) =>
      head(`PATCH ${location}`, { ...patch, "Upload-Offset": size, "Upload-Length": size, "Content-Length": 0 }),
    read: ({ status, headers }) =>
      [200, 201, 204].includes(status)
        ? told(headers, headers.has("upload-offset") && headers.get("upload-offset") === headers.get("upload-length"))
        : undefined,
  };
}

function told(headers: Headers, isComplete: boolean): Told {
  return {
    offset: Number(headers.get("upload-offset") ?? 0),
    isComplete,
    location: headers.get("location") ?? undefined,
  };
}
