import { createHash } from "node:crypto";
import { byteLength, cleanName } from "../model/names.ts";

/** The longest encoded name that is used as it is, in bytes. */
const MAX_BYTES = 255;

/**
 * The clean name of the folder in which the finished files of an owner lie: the name of its token or proxy's user. No
 * two names have one folder: a name that is no clean one, or has `%`, is percent-encoded, and one that is too long then
 * is cut and marked by its SHA-256.
 */
export function ownerFolder(owner: string): string {
  const name = owner.replace(/^user:/, "");
  if (!name.includes("%") && cleanName(name) === name) return name;
  const encoded = name.replace(/[^\w-]/gu, percentEncoded);
  // A device's name of Windows has nothing else to encode.
  const folder = encoded === name ? name.replace(/^./u, percentEncoded) : encoded;
  if (byteLength(folder) <= MAX_BYTES) return folder;
  // Behind a percent sign, an encoded name has a digit of base 16.
  return `${folder.slice(0, 200)}%_${createHash("sha256").update(name).digest("base64url")}`;
}

function percentEncoded(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}
