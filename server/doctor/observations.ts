import type { Certificate } from "./certificate.ts";
import type { ProxyName } from "./proxy_name.ts";

/** The answer to a request, and who gave it. */
export type Met =
  | { readonly by: "pawl"; readonly status: number; readonly code?: string }
  /** Something else answered. `type` is the media type of its words. */
  | { readonly by: "other"; readonly status: number; readonly type: string; readonly location?: string }
  | { readonly by: "nobody"; readonly how: "closed" | "silent" };

/** {@linkcode Met}, and when: in milliseconds since the request began. */
export type MetAfter = Met & { readonly afterMs: number };

/** The answers to the first question, about an unknown upload. */
export type Hello =
  | { readonly kind: "pawl"; readonly maxBytes: number }
  /** Pawl refuses. */
  | { readonly kind: "refused"; readonly status: number; readonly code: string; readonly words: string }
  | { readonly kind: "other"; readonly met: Met; readonly title: string; readonly isEmpty: boolean }
  | { readonly kind: "unreachable"; readonly reason: string };

/** The way back of a finished file. */
export interface Download {
  /** The coding that was put on, such as `gzip`. */
  readonly encoding?: string;
  readonly isSame: boolean;
  readonly hasLength: boolean;
  /** `strong`, or what became of the entity tag. */
  readonly tag: "strong" | "weak" | "missing";
  readonly hasDigest: boolean;
  /** The status for a range of 100 bytes, and whether these were the right ones. */
  readonly range: { readonly status: number; readonly isRight: boolean };
}

/** How the proxy tells the server by which name and scheme people come. */
export interface Names {
  /** False when the server takes a page of its own for one of another site. */
  readonly isOwnPage?: boolean;
  /** Whether cookies are for HTTPS alone. */
  readonly isSecure?: boolean;
  /** The address that links begin with; empty when they have none. */
  readonly linkOrigin?: string;
}

/** All that was seen. What is absent was not looked at. */
export interface Observations {
  readonly url: string;
  readonly isHttps: boolean;
  /** True for a machine's own address, where HTTPS adds nothing. */
  readonly isLocal: boolean;
  readonly proxy?: ProxyName;
  readonly hello: Hello;
  readonly certificate?: Certificate;
  /** The server's clock against this one, in milliseconds: positive when it is ahead. */
  readonly skewMs?: number;
  /** How a refusal of Pawl's came: as it was, with its words but without `X-Error`, or replaced. */
  readonly refusals?: "kept" | "nameless" | "replaced";
  readonly lostRequestHeaders?: readonly string[];
  readonly lostAnswerHeaders?: readonly string[];
  /** The answer to the beginning of an upload of tus. */
  readonly tus?: Met;
  readonly blockedMethods?: readonly string[];
  /** True when a compressed body was unpacked, or its header lost. */
  readonly unpacked?: boolean;
  /** True when an answer was told again that was not true any more. */
  readonly cached?: boolean;
  /**
   * The fate of an interim response (104): `none` was sent, or it was `passed` on, taken for the answer, or in the way
   * of that. `unanswered` when no upload of the IETF's protocol has an answer of Pawl's.
   */
  readonly interim?: "none" | "passed" | "as-answer" | "no-answer" | "unanswered";
  /** A body without a length. */
  readonly chunked?: Met;
  /** Requests of `bytes` are let through, those of `below` are not. `status` is the proxy's refusal. */
  readonly limit?: { readonly bytes: number; readonly below: number; readonly status: number } | "none";
  readonly cut?: { readonly sent: number; readonly safe: number };
  /** A large request. */
  readonly large?: MetAfter & { readonly bytes: number };
  /** A large request that Pawl refuses at its first byte. */
  readonly early?: Met & { readonly bytes: number };
  readonly silence?: MetAfter & { readonly waitedMs: number };
  readonly slow?: MetAfter & { readonly tookMs: number };
  readonly download?: Download;
  readonly names?: Names;
  /** Why there was no connection for a look, although Pawl had answered before. */
  readonly lostConnection?: string;
  /** The looks that failed, and why. */
  readonly skipped: readonly string[];
  /** The uploads that could not be removed again. */
  readonly remaining: readonly string[];
}
