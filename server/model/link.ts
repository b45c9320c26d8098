import type { LinkLimits } from "./upload.ts";

/** The form of a link's id: 64 random bits in base 16. */
export const LINK_ID_FORM = "[\\da-f]{16}";

interface LinkFacts {
  /** The SHA-256 of the secret, in base64url. */
  readonly hash: string;
  /** The name by which people and programs mean the link. It is no secret. */
  readonly id: string;
  /** The owner, who may see and remove it, and whose quota its uploads use. */
  readonly owner: string;
  /** The purpose of the link, in its owner's words. */
  readonly note?: string;
  /** When the link was made, in milliseconds since 1970. */
  readonly createdAt: number;
  /** When the link expires by the machine's clock, in milliseconds since 1970; absent for never. */
  readonly expiresAt?: number;
}

/** A link by which others send files to its owner. */
export interface UploadLink extends LinkFacts {
  readonly kind: "upload";
  /** The clean names of the folders that its files are placed in, outermost first. */
  readonly folders: readonly string[];
  /** The largest file in bytes; absent for no limit but the server's. */
  readonly maxBytes?: number;
  /** The limits of everything that comes by it. */
  readonly limits: LinkLimits;
  /** The most bytes in all that its owner may keep; absent for the server's limit. */
  readonly quotaBytes?: number;
}

/** The file, or the folder, that a download link leads to. */
export type LinkTarget = { readonly file: string } | {
  readonly folder: string;
  /** True when the files of all owners below the folder are given. */
  readonly seesAll?: true;
};

/** A password as it is kept: the result of a slow function of it and of the salt. */
export interface KeptPassword {
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly result: Uint8Array<ArrayBuffer>;
  /** How many rounds of PBKDF2 there are. */
  readonly rounds: number;
}

/** A link by which others get one finished file of its owner, or a folder of them. */
export interface DownloadLink extends LinkFacts {
  readonly kind: "download";
  readonly target: LinkTarget;
  /** The most visitors that may download; absent for no limit. */
  readonly maxDownloads?: number;
  readonly password?: KeptPassword;
}

/** A link as it is kept. The secret itself is not kept, and nothing here leads back to it. */
export type Link = UploadLink | DownloadLink;

/** True for a link that is past its time. */
export function isOver({ expiresAt = Infinity }: Link, now: number): boolean {
  return expiresAt <= now;
}
