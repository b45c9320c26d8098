/** The rights. `admin` includes the others. */
export const RIGHTS = ["read", "upload", "admin"] as const satisfies readonly Right[];

/**
 * One right. `read`: to get finished files. `upload`: to begin uploads, go on with them, ask how far they are, and
 * terminate them. Both are about uploads of the visitor's own owner. `admin`: both, for the uploads of all owners.
 */
export type Right = "read" | "upload" | "admin";

/** The rights that a visitor has. */
export type Rights = readonly Right[];

/** The rights of somebody of whom nothing else is said. */
export const USUAL_RIGHTS: Rights = ["read", "upload"];

/** True when `rights` include the right `wanted`. */
export function may(rights: Rights, wanted: Right): boolean {
  return rights.includes(wanted) || rights.includes("admin");
}

/** True for the name of a right. */
export function isRight(text: string): text is Right {
  return RIGHTS.some((right) => right === text);
}
