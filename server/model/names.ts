/** The longest name of one file or folder, in bytes of UTF-8, that the usual file systems take. */
const MAX_NAME_BYTES = 255;
/** Room kept in a name for ` (12345)` before its extension. */
const NUMBER_BYTES = 8;
const MAX_FOLDERS = 32;

/**
 * Control characters and line separators, which spoil listings and logs, and the bidirectional controls, which make
 * `exe.pdf` of `fdp.exe`. Joiners stay: emoji and several scripts need them.
 */
// deno-lint-ignore no-control-regex -- control characters are what it removes
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/**
 * The name that a file may have on disk: the last part of `wanted` behind any slash or backslash, without control
 * characters, at most 255 bytes long with its extension kept. `undefined` when nothing is left, or only dots.
 */
export function cleanName(wanted: string): string | undefined {
  const last = wanted.toWellFormed().split(/[/\\]/).at(-1) ?? "";
  const name = last.replace(UNSAFE, "").trim();
  return /^\.*$/.test(name) ? undefined : shortened(name);
}

/**
 * The names of the folders of a relative path, outermost first, each cleaned. `undefined` when the path climbs out
 * (`..`), has an empty or unusable part, a separator inside of a part, or more than 32 parts.
 */
export function cleanFolders(parts: readonly string[]): string[] | undefined {
  if (parts.length > MAX_FOLDERS) return undefined;
  const folders: string[] = [];
  for (const part of parts) {
    const folder = /[/\\]/.test(part) ? undefined : cleanName(part);
    if (folder === undefined) return undefined;
    folders.push(folder);
  }
  return folders;
}

/** The name to try as the `number`th for a file that must not overwrite another: `a.pdf`, `a (2).pdf`, `a (3).pdf` … */
export function numberedName(name: string, number: number): string {
  if (number === 1) return name;
  const { stem, extension } = splitExtension(name);
  return `${stem} (${number})${extension}`;
}

/**
 * The file's name in an id as the well-known tutorial clients make it, `name-size-lastModified`; the whole id where it
 * is of another make. A name that went through `encodeURIComponent` is decoded.
 */
export function nameInClientId(clientId: string): string {
  const name = /^(.+)-\d+-(?:-?\d+|NaN|undefined)$/s.exec(clientId)?.[1] ?? clientId;
  try {
    const decoded = decodeURIComponent(name);
    return encodeURIComponent(decoded) === name ? decoded : name;
  } catch {
    return name;
  }
}

function shortened(name: string): string {
  const { stem, extension } = splitExtension(name);
  const room = MAX_NAME_BYTES - NUMBER_BYTES - byteLength(extension);
  if (byteLength(stem) <= room) return name;
  let kept = "";
  let bytes = 0;
  for (const character of stem) {
    bytes += byteLength(character);
    if (bytes > room) break;
    kept += character;
  }
  return kept.trimEnd() + extension;
}

/** An extension is short: a dot late in a long sentence does not make one. */
function splitExtension(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf(".");
  const extension = name.slice(dot);
  return dot <= 0 || byteLength(extension) > 32
    ? { stem: name, extension: "" }
    : { stem: name.slice(0, dot), extension };
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
