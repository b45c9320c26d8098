// The types of the @std modules that Pawl uses. npm's copy of the standard library is plain JavaScript; these
// declarations, keyed by the names of the import map, give it the types of the copy on JSR. If you map the names to JSR
// instead, delete this file and its line in deno.json.

declare module "@std/assert" {
  export class AssertionError extends Error {}
  export function assert(expr: unknown, msg?: string): asserts expr;
  export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
  export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
  export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
  export function assertLess<T>(actual: T, expected: T, msg?: string): void;
  export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
  export function assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    // deno-lint-ignore no-explicit-any -- the standard library's own signature: any constructor of an error
    errorClass: abstract new (...args: any[]) => E,
    msgIncludes?: string,
  ): Promise<E>;
  export function assertThrows<E extends Error = Error>(
    fn: () => unknown,
    // deno-lint-ignore no-explicit-any -- the standard library's own signature: any constructor of an error
    errorClass: abstract new (...args: any[]) => E,
    msgIncludes?: string,
  ): E;
}

declare module "@std/async/delay" {
  export function delay(ms: number, options?: { signal?: AbortSignal; persistent?: boolean }): Promise<void>;
}

declare module "@std/cli/parse-args" {
  export function parseArgs(
    args: readonly string[],
    options?: {
      string?: readonly string[];
      collect?: readonly string[];
      boolean?: readonly string[];
      unknown?: (arg: string, key?: string, value?: unknown) => unknown;
    },
  ): { _: (string | number)[]; [name: string]: unknown };
}

declare module "@std/encoding/base64url" {
  export function encodeBase64Url(data: ArrayBuffer | Uint8Array | string): string;
}

declare module "@std/fs/ensure-dir" {
  export function ensureDir(dir: string | URL): Promise<void>;
}

declare module "@std/fs/walk" {
  export interface WalkEntry {
    path: string;
    name: string;
    isFile: boolean;
    isDirectory: boolean;
    isSymlink: boolean;
  }
  export interface WalkOptions {
    maxDepth?: number;
    includeFiles?: boolean;
    includeDirs?: boolean;
    includeSymlinks?: boolean;
    followSymlinks?: boolean;
    exts?: string[];
    match?: RegExp[];
    skip?: RegExp[];
  }
  export function walk(root: string | URL, options?: WalkOptions): AsyncIterableIterator<WalkEntry>;
}

declare module "@std/html/entities" {
  export function escape(text: string): string;
}

declare module "@std/http/etag" {
  export function eTag(entity: string | Uint8Array, options?: { weak?: boolean }): Promise<string>;
  export function ifNoneMatch(value: string | null, etag: string | undefined): boolean;
}

declare module "@std/http/negotiation" {
  export function acceptsEncodings(request: Pick<Request, "headers">): string[];
}

declare module "@std/http/status" {
  export const STATUS_CODE: {
    readonly OK: 200;
    readonly Created: 201;
    readonly NoContent: 204;
    readonly PartialContent: 206;
    readonly SeeOther: 303;
    readonly PermanentRedirect: 308;
    readonly NotModified: 304;
    readonly BadRequest: 400;
    readonly Unauthorized: 401;
    readonly Forbidden: 403;
    readonly NotFound: 404;
    readonly MethodNotAllowed: 405;
    readonly RequestTimeout: 408;
    readonly Conflict: 409;
    readonly Gone: 410;
    readonly PreconditionFailed: 412;
    readonly ContentTooLarge: 413;
    readonly UnsupportedMediaType: 415;
    readonly RangeNotSatisfiable: 416;
    readonly MisdirectedRequest: 421;
    readonly Locked: 423;
    readonly TooManyRequests: 429;
    readonly InternalServerError: 500;
    readonly NotImplemented: 501;
    readonly ServiceUnavailable: 503;
    readonly InsufficientStorage: 507;
  };
  export const STATUS_TEXT: Readonly<Record<typeof STATUS_CODE[keyof typeof STATUS_CODE], string>>;
}

declare module "@std/media-types" {
  export function contentType(extensionOrType: string): string | undefined;
  export function typeByExtension(extension: string): string | undefined;
}

declare module "@std/path" {
  export function isAbsolute(path: string): boolean;
  export function relative(from: string, to: string): string;
  export function basename(path: string, suffix?: string): string;
  export function dirname(path: string): string;
  export function extname(path: string): string;
  export function fromFileUrl(url: string | URL): string;
  export function toFileUrl(path: string): URL;
  export function join(...paths: string[]): string;
  export function resolve(...paths: string[]): string;
}
