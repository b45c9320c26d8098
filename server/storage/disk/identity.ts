/** What a look at a file says of it. */
export type Info = Pick<Deno.FileInfo, "isFile" | "size" | "ino" | "mtime" | "birthtime">;

/**
 * Names a folder of finished files: another one than before when the data was copied, or brought back from a copy, with
 * other numbers for all of its files.
 */
export function nameOfFolder(info: Info): string {
  return numberOf(info);
}

/** What the disk knows an entry by. Its number alone is soon given to another file, once this one is removed. */
function numberOf({ ino, birthtime }: Info): string {
  return `${ino}-${birthtime?.getTime() ?? ""}`;
}

/** What a record keeps of a file, to know it again: its number, when it was last changed, and the folder's name. */
export function identityOf(info: Info, folder: string): string {
  return [numberOf(info), info.mtime?.getTime() ?? "", folder].join(" ");
}

/**
 * True for the file that a record means. Its length must be right, and its number or its time: some file systems give
 * another number to a file when they are mounted again, and a person may set another time. Of a file that has come with
 * its folder from elsewhere, or was recorded without an identity, only the length can be held against the record.
 */
export function isIdentical(info: Info, file: { length: number; identity?: string }, folder: string): boolean {
  if (!info.isFile || info.size !== file.length) return false;
  const [number, modifiedAt, itsFolder] = file.identity?.split(" ") ?? [];
  if (itsFolder !== folder) return true;
  return info.ino !== null && number === numberOf(info) ||
    info.mtime !== null && modifiedAt === String(info.mtime.getTime());
}
