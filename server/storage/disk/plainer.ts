import type { Wanted } from "../store.ts";

/** The plainest that a name can be made. */
export const PLAINEST = 3;

/** In bytes. File systems take 143 and more, and a number is put behind a name that is taken. */
const PLAIN_BYTES = 100;

/**
 * A name that more file systems take the higher `level` is: 0 leaves it what it is, 1 makes name and folders short and
 * plain, 2 leaves the folders away too, 3 ({@linkcode PLAINEST}) the name.
 */
export function plainer({ name, folders }: Wanted, level: number): Wanted {
  if (level <= 0) return { name: name.normalize("NFC"), folders: folders.map((folder) => folder.normalize("NFC")) };
  if (level === 1) return { name: plainName(name), folders: folders.map(plainName) };
  return { name: level === 2 ? plainName(name) : "file", folders: [] };
}

/** Letters of English, digits, and what stands between them; `file` where nothing is left. */
function plainName(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").replace(/[^\w.() -]+/g, "_").replace(/^[. ]+/, "");
  const extension = /\.\w{1,16}$/.exec(plain)?.[0] ?? "";
  const stem = plain.slice(0, Math.min(plain.length, PLAIN_BYTES) - extension.length).replace(/[. ]+$/, "");
  return (stem || "file") + extension;
}
