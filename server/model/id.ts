import { randomBytes } from "node:crypto";

/** The form of an upload's id, to be put into other patterns: 128 bits in base64url. */
export const ID_FORM = "[A-Za-z0-9_-]{22}";

const ID = new RegExp(`^${ID_FORM}$`);

/** A new upload's id; nobody can guess it. */
export function newId(): string {
  return randomBytes(16).toString("base64url");
}

/** True for text that has the form of an upload's id. */
export function isId(text: string): boolean {
  return ID.test(text);
}
