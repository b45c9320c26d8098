/** The part of a file's information that its identity is made of. */
export type Info = Pick<Deno.FileInfo, "isFile" | "size" | "ino" | "mtime" | "birthtime">;

/**
 * The identity of a folder of finished files. It changes when the data is copied or restored from a copy, and then all
 * files have other inodes.
 */
export function folderIdentityOf(info: Info): string {
  return numberOf(info);
}

/** An entry's inode and time of birth. The inode alone is soon used again, once the entry is removed. */
function numberOf({ ino, birthtime }: Info): string {
  return `${ino}-${birthtime?.getTime() ?? ""}`;
}

/**
 * A file's identity as a record keeps it: its number, its time of last change, and the identity of its folder (I9). A
 * time that the client has set is left out, because a client can set one time on several files.
 */
export function identityOf(info: Info, folder: string, { isTimeSet }: { isTimeSet: boolean }): string {
  return [numberOf(info), isTimeSet ? "" : info.mtime?.getTime() ?? "", folder].join(" ");
}

/**
 * True for the file that a record means. The length must match, and the number or the time: some file systems give new
 * numbers at each mount, and a person may set another time. If the folder is another one, or the record has no
 * identity, only the length can be compared.
 */
export function isIdentical(info: Info, file: { length: number; identity?: string }, folder: string): boolean {
  if (!info.isFile || info.size !== file.length) return false;
  const [number, modifiedAt, itsFolder] = file.identity?.split(" ") ?? [];
  if (itsFolder !== folder) return true;
  return info.ino !== null && number === numberOf(info) ||
    info.mtime !== null && modifiedAt === String(info.mtime.getTime());
}
