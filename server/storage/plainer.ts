import type { WantedPath } from "./store.ts";

/** The level of the plainest path. */
export const PLAINEST = 3;

/** The longest plain name, in bytes. File systems take 143 and more, and a number may be put behind the name. */
const PLAIN_BYTES = 100;

/**
 * Makes a path plainer: the higher `level`, the more file systems take it. 0 changes nothing but the Unicode form. 1
 * makes name and folders short and plain. 2 drops the folders too. 3 ({@linkcode PLAINEST}) gives the name `file`.
 */
export function plainer({ name, folders }: WantedPath, level: number): WantedPath {
  if (level <= 0) return { name: name.normalize("NFC"), folders: folders.map((folder) => folder.normalize("NFC")) };
  if (level === 1) return { name: plainName(name), folders: folders.map(plainName) };
  return { name: level === 2 ? plainName(name) : "file", folders: [] };
}

/** Keeps English letters, digits and the punctuation between them; `file` when nothing remains. */
function plainName(name: string): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").replace(/[^\w.() -]+/g, "_").replace(/^[. ]+/, "");
  const extension = /\.\w{1,16}$/.exec(plain)?.[0] ?? "";
  const stem = plain.slice(0, Math.min(plain.length, PLAIN_BYTES) - extension.length).replace(/[. ]+$/, "");
  return (stem || "file") + extension;
}
