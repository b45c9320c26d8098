import { addressOn } from "../protocol/address.ts";
import { type RequestHooks, withHooks } from "../protocol/request_hooks.ts";
import { SignIns } from "../protocol/sign_ins.ts";
import type { Transport } from "../protocol/transport.ts";
import { overQuota, refusal, tooLarge, tooManyFiles, type UploadError } from "../protocol/upload_error.ts";
import { xhrTransport } from "../protocol/xhr_transport.ts";

/** The limits that a server has told, and how near the user is to them. A limit that is absent is none. */
export interface ToldLimits {
  /** The largest file, in bytes. */
  readonly maxSize?: number;
  /** The bytes that the user may keep, finished and unfinished. */
  readonly quota?: number;
  /** The bytes that the user has, or that came by its upload link; absent while there is no limit for them. */
  readonly used?: number;
  /** The most files that the user's upload link takes. */
  readonly maxFiles?: number;
  /** How many files came by that link. */
  readonly files?: number;
  /** The most unfinished uploads at a time. */
  readonly maxUnfinished?: number;
  /** How many unfinished uploads the user has; absent without a sign-in. */
  readonly unfinished?: number;
  /** The most uploads that one address may begin in a second. */
  readonly maxBegunPerSecond?: number;
  /** The most folders that the uploads of one owner make. */
  readonly maxFolders?: number;
  /** How many folders the user's uploads make; absent without a sign-in. */
  readonly folders?: number;
  /** The most folders of one path. */
  readonly maxFolderDepth?: number;
  /** True for a server that takes uploads whose length comes with a later request (`Upload-Defer-Length`). */
  readonly deferLength?: true;
  /** How many files one request may bring, and how large each may be; absent for a server that takes one a request. */
  readonly batch?: BatchLimits;
}

/** The room that is left for a user's files. What is absent has no limit. */
export interface Room {
  /** How many files the upload link still takes. */
  readonly files?: number;
  /** How many bytes the user may still keep, or the upload link still takes. */
  readonly bytes?: number;
}

/** The options of {@linkcode ServerLimits}. */
export interface ServerLimitsOptions extends RequestHooks {
  /** The address of the server, such as `https://up.example`. Default: the server that the page came from. */
  endpoint?: string | undefined;
  /** Carries the request. Default: XMLHttpRequest. */
  transport?: Transport | undefined;
}

const PATIENCE_MS = 30_000;
const NAMES = [
  "maxSize",
  "quota",
  "used",
  "maxFiles",
  "files",
  "maxUnfinished",
  "unfinished",
  "maxBegunPerSecond",
  "maxFolders",
  "folders",
  "maxFolderDepth",
] as const;

/**
 * The limits of the server (`GET /api/limits`). A queue that has them in its options says before it sends anything that
 * a file is over one of them.
 */
export class ServerLimits {
  readonly #url: string;
  readonly #transport: Transport;
  readonly #signIns: SignIns;
  #told: ToldLimits = {};
  /** The files that were taken since the limits were read, and their bytes. */
  #taken = { files: 0, bytes: 0 };

  /** Asks nothing yet, and knows of no limit until `read()`. */
  constructor(options: ServerLimitsOptions = {}) {
    this.#url = addressOn(options.endpoint ?? "", "/api/limits");
    this.#transport = withHooks(options.transport ?? xhrTransport, options);
    this.#signIns = SignIns.of(options.onSignedOut);
  }

  /** The limits, as they were told last. */
  get told(): ToldLimits {
    return this.#told;
  }

  /**
   * Asks the server for its limits, by one request. Rejects with an `UploadError` when it refuses, and with any other
   * reason when it cannot be reached. The limits stay as they were then.
   */
  async read({ signal = AbortSignal.timeout(PATIENCE_MS) }: { signal?: AbortSignal } = {}): Promise<ToldLimits> {
    const request = { method: "GET", url: this.#url, headers: {}, signal } as const;
    const answer = await this.#signIns.around(() => this.#transport(request), ({ status }) => status);
    if (answer.status !== 200) throw refusal(answer.status, "");
    this.#told = parseLimits(answer.text);
    this.#taken = { files: 0, bytes: 0 };
    return this.#told;
  }

  /**
   * Forgets the limits, because they were those of another user. How many files a request may bring is the same for all,
   * and files that are under way while somebody signs in again go on together.
   */
  forget(): void {
    const { batch } = this.#told;
    this.#told = batch === undefined ? {} : { batch };
    this.#taken = { files: 0, bytes: 0 };
  }

  /** The room that is left, less what was taken since the limits were read. */
  get room(): Room {
    const { quota, used = 0, maxFiles, files = 0 } = this.#told;
    return {
      ...maxFiles !== undefined && { files: Math.max(0, maxFiles - files - this.#taken.files) },
      ...quota !== undefined && { bytes: Math.max(0, quota - used - this.#taken.bytes) },
    };
  }

  /**
   * Says why a file of `size` bytes is over a limit; `undefined` when it is not, and then it is counted until the limits
   * are read again. `confirmed` is how many of its bytes the server holds: the room for such a file is reserved. `path`
   * is the one below the folder of finished files, with its name at the end.
   */
  take(size: number, confirmed = 0, path = ""): UploadError | undefined {
    const { maxSize = Infinity, maxFiles = Infinity, maxFolderDepth = Infinity } = this.#told;
    if (size > maxSize) return tooLarge(maxSize);
    const depth = path.split("/").length - 1;
    if (depth > maxFolderDepth) {
      return refusal(400, `the file's path has ${depth} folders: at most ${maxFolderDepth} are taken`);
    }
    if (confirmed > 0) return undefined;
    const { files = Infinity, bytes = Infinity } = this.room;
    if (files < 1) return tooManyFiles(maxFiles);
    if (size > bytes) return overQuota(bytes);
    this.#taken = { files: this.#taken.files + 1, bytes: this.#taken.bytes + size };
    return undefined;
  }
}

/** The limits of a request with many files. */
export interface BatchLimits {
  /** How many files one request may bring. */
  readonly maxFiles: number;
  /** The largest of these files, in bytes. */
  readonly maxFileSize: number;
}

/** Reads the answer of `GET /api/limits`. What has another type than it should is left out. */
export function parseLimits(text: string): ToldLimits {
  const value: unknown = JSON.parse(text);
  const given: Partial<Record<string, unknown>> = typeof value === "object" && value !== null ? { ...value } : {};
  const counts = NAMES.filter((name) => Number.isFinite(given[name])).map((name) => [name, given[name]]);
  const batch = parseBatch(given["batch"]);
  return {
    ...Object.fromEntries(counts),
    ...given["deferLength"] === true && { deferLength: true },
    ...batch !== undefined && { batch },
  };
}

function parseBatch(value: unknown): BatchLimits | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { maxFiles, maxFileSize }: Partial<Record<string, unknown>> = { ...value };
  if (typeof maxFiles !== "number" || typeof maxFileSize !== "number") return undefined;
  return { maxFiles, maxFileSize };
}
