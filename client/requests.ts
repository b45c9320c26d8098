import { type Meaning, readStatus, readUpload } from "./answer.ts";
import type { Clock } from "./clock.ts";
import type { Transport, TransportAnswer, TransportRequest } from "./transport.ts";
import { UploadError } from "./upload_error.ts";
import { type Patience, sendWatched } from "./watchdog.ts";

/** What a server can know a media type by (RFC 6838); a program may give a file any text as its type. */
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,60}\/[\w!#$&^.+-]{1,60}\s*(;|$)/;

/** The two requests of the simple protocol, for one file. */
export interface Requests {
  /** `GET /status`: how much does the server hold? */
  ask(signal: AbortSignal): Promise<Reply>;
  /** `POST /upload`: the bytes from `startByte` on, as many as one request may have. `onSent` gets the file's offset. */
  send(startByte: number, signal: AbortSignal, onSent: (offset: number) => void): Promise<Reply>;
}

/** What the server said, or that it could not be reached. */
export interface Reply {
  meaning: Meaning;
  /** The path of the upload, when the server told it. */
  location?: string;
}

/** What the requests are made of. */
export interface RequestsOptions extends Patience {
  file: File;
  /** In printable ASCII. */
  id: string;
  path: string | undefined;
  url: string;
  requestBytes: number;
  transport: Transport;
  clock: Clock;
}

/**
 * Makes the requests for one file. They reject only with an `UploadError` for a file that cannot be read any more; a
 * failure of the network is a reply that means "retry".
 */
export function createRequests(options: RequestsOptions): Requests {
  const { file, id, path, url, requestBytes, transport } = options;
  const base = url.replace(/\/+$/, "");
  const description = describeFile(file, path);

  async function exchange(
    request: TransportRequest,
    read: (answer: TransportAnswer) => Meaning,
  ): Promise<Reply> {
    let answer: TransportAnswer;
    try {
      answer = await sendWatched(transport, request, options);
    } catch (cause) {
      if (request.body !== undefined && !request.signal.aborted) await checkReadable(file, request.body);
      return { meaning: { kind: "retry", problem: cause instanceof Error ? cause.message : String(cause) } };
    }
    const location = answer.headers.get("location");
    return { meaning: read(answer), ...location !== null && { location } };
  }

  return {
    ask(signal) {
      const request = { method: "GET", url: `${base}/status`, headers: { "X-File-Id": id }, signal } as const;
      return exchange(request, (answer) => readStatus(answer, file.size));
    },

    send(startByte, signal, onSent) {
      const request = {
        method: "POST",
        url: `${base}/upload`,
        // A browser sends a request again by itself when a kept connection breaks under it.
        headers: { "X-File-Id": id, "X-Start-Byte": String(startByte), "X-Start-Over": "?0", ...description },
        body: file.slice(startByte, Math.min(startByte + requestBytes, file.size)),
        onSent: (bytes: number) => onSent(startByte + bytes),
        signal,
      } as const;
      return exchange(request, (answer) => readUpload(answer, startByte, file.size));
    },
  };
}

function describeFile({ name, size, type, lastModified }: File, path: string | undefined): Record<string, string> {
  return {
    "X-File-Size": String(size),
    // The protocol's numbers have no sign: a date before 1970 stays untold.
    ...lastModified >= 0 && { "X-File-Modified": String(lastModified) },
    ...name !== "" && { "X-File-Name": encodeURIComponent(name) },
    ...path !== undefined && { "X-File-Path": path.split("/").map(encodeURIComponent).join("/") },
    ...MEDIA_TYPE.test(type) && { "X-File-Type": type },
  };
}

/** A browser reports a file that changed on the disk as a broken network; reading one byte tells them apart. */
async function checkReadable(file: File, body: Blob): Promise<void> {
  try {
    await body.slice(0, 1).arrayBuffer();
  } catch (cause) {
    const message = `"${file.name}" was changed, moved or removed while it was being uploaded. Choose the file again`;
    throw new UploadError("file-changed", message, { cause });
  }
}
