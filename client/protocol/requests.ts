import { addressOn, pathOnServer } from "./address.ts";
import { type Meaning, readStatus, readUpload } from "./answer.ts";
import type { Clock } from "../async/clock.ts";
import { percentEncoded } from "./percent_encoded.ts";
import type { Piece } from "./piece.ts";
import { problem } from "./problem.ts";
import { isSuccess } from "./statuses.ts";
import type { Transport, TransportAnswer, TransportRequest } from "./transport.ts";
import { unlessAborted } from "../async/unless_aborted.ts";
import { UploadError } from "./upload_error.ts";
import { type Patience, sendWatched, Stalled, TooSlow } from "./watchdog.ts";

/** The form of a media type (RFC 6838). A program may give a file any text as its type. */
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,60}\/[\w!#$&^.+-]{1,60}\s*(;|$)/;

/** A body that is still on its way after this time is cut. Proxies cut it after 60 seconds, and lose what they hold. */
const LONGEST_REQUEST_MS = 50_000;

/** The requests of the simple protocol, for one file. */
export interface Requests {
  /** Asks by `GET /status` how much the server holds. */
  ask(signal: AbortSignal): Promise<Reply>;
  /** Sends one piece by `POST /upload`. `onSent` gets the count of its bytes that have departed. */
  send(piece: Piece, options: SendOptions): Promise<Reply>;
  /** Has the server delete what it holds, by `DELETE /upload`. */
  cancel(): Promise<Outcome>;
  /** Deletes the finished file at `location`. */
  remove(location: string): Promise<Outcome>;
}

export interface SendOptions {
  signal: AbortSignal;
  onSent: (bytes: number) => void;
  /** True when the body is cut if it takes longer than a proxy may allow. */
  mayBeCut: boolean;
}

/** The server's reply, or the reason why there is none. */
export interface Reply {
  meaning: Meaning | { kind: "cut" };
  /** The path of the upload, when the server told it. */
  location?: string | undefined;
}

/** The status of an answer; `undefined` when there was none. */
export type Outcome = number | undefined;

/** The facts of a file that the server is told. */
export type FileFacts = Pick<File, "name" | "size" | "type" | "lastModified">;

/** The things that the requests are made of. */
export interface RequestsOptions extends Patience {
  file: FileFacts;
  /** Gives the `X-File-Id`, in printable ASCII. */
  id: () => Promise<string>;
  path: string | undefined;
  /** The value of `X-File-Metadata`. */
  metadata?: string | undefined;
  url: string;
  transport: Transport;
  clock: Clock;
  /** Rejects with an `UploadError` when a part of the file that is being sent cannot be read any more. */
  look?: (part: Blob) => Promise<void>;
}

/**
 * Makes the requests for one file. They reject only when the file cannot be read any more, with an `UploadError`. A
 * failure of the network is a reply that means "retry".
 */
export function createRequests(options: RequestsOptions): Requests {
  const { file, id, url, transport } = options;
  const description = describeFile(options);

  async function exchange(
    request: TransportRequest,
    read: (answer: TransportAnswer) => Meaning,
    patience: Partial<Patience> = {},
  ): Promise<Reply> {
    let answer: TransportAnswer;
    try {
      answer = await sendWatched(transport, request, { ...options, ...patience });
    } catch (cause) {
      if (cause instanceof TooSlow) return { meaning: { kind: "cut" } };
      if (cause instanceof UploadError) throw cause;
      if (request.body !== undefined) {
        await unlessAborted(request.signal, Promise.resolve(options.look?.(request.body)));
      }
      const why = cause instanceof Stalled
        ? problem("stalled")
        : problem("connection", cause instanceof Error ? cause.message : undefined);
      return { meaning: { kind: "retry", problem: why } };
    }
    const meaning = read(answer);
    // At offset 0 the server holds nothing of this file, and the location may be that of another one.
    const isThis = meaning.kind === "complete" || (meaning.kind === "held" && meaning.offset > 0);
    const location = isThis ? answer.headers.get("location") : null;
    return { meaning, location: location === null ? undefined : pathOnServer(location) };
  }

  async function remove(path: string, headers: Record<string, string>): Promise<Outcome> {
    const { signal } = new AbortController();
    const request = { method: "DELETE", url: addressOn(url, path), headers, signal } as const;
    try {
      const { status } = await sendWatched(transport, request, options);
      // Pawl answers 204. Another 2xx is of something that takes every request, as a Caddy site for another host does.
      return isSuccess(status) && status !== 204 ? undefined : status;
    } catch {
      return undefined;
    }
  }

  return {
    async ask(signal) {
      const headers = { "X-File-Id": await id() };
      const request = { method: "GET", url: addressOn(url, "/status"), headers, signal } as const;
      return await exchange(request, (answer) => readStatus(answer, file.size));
    },

    async send({ start, body, fingerprint }, { signal, onSent, mayBeCut }) {
      const headers = present({
        "X-File-Id": await id(),
        "X-Start-Byte": String(start),
        // A browser sends a request again by itself when a kept connection breaks.
        "X-Start-Over": "?0",
        "Content-Digest": fingerprint?.contentDigest,
        ...description,
      });
      const request = { method: "POST", url: addressOn(url, "/upload"), headers, body, onSent, signal } as const;
      const bodyMs = mayBeCut ? LONGEST_REQUEST_MS : Infinity;
      // Bytes that have departed may still be inside this computer, on a connection that is dead.
      const answerMs = start + body.size === file.size ? options.answerMs : options.stallMs;
      const read = (answer: TransportAnswer) => readUpload(answer, start, file.size);
      return await exchange(request, read, { bodyMs, answerMs });
    },

    cancel: async () => await remove("/upload", { "X-File-Id": await id() }),

    remove: (location) => remove(location, {}),
  };
}

/** Gives the headers that tell the server what a file is. */
export function describeFile(
  { file: { name, size, type, lastModified }, path, metadata }: Pick<RequestsOptions, "file" | "path" | "metadata">,
): Record<string, string | undefined> {
  // A path may give the file another name than it has on this computer.
  const nameOnServer = path?.split("/").at(-1) || name;
  return {
    "X-File-Size": String(size),
    "X-File-Modified": Number.isFinite(lastModified) ? String(lastModified) : undefined,
    "X-File-Name": percentEncoded(nameOnServer) || undefined,
    "X-File-Path": path?.split("/").map(percentEncoded).join("/"),
    "X-File-Type": MEDIA_TYPE.test(type) ? type : undefined,
    "X-File-Metadata": metadata,
  };
}

/** Gives the headers that have a value. */
export function present(headers: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
