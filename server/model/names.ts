/** The longest name of one file or folder, in bytes of UTF-8, that the usual file systems take. */
const MAX_NAME_BYTES = 255;

/** The longest extension that is kept when a name is cut, in bytes, with its dot: a late dot in a long sentence makes none. */
const MAX_EXTENSION_BYTES = 32;

/** One pass may leave what the next one mends, such as a device's name out of one that was cut. */
const MAX_PASSES = 8;

/**
 * Control characters and line separators, which spoil listings and logs; the bidirectional controls, which make
 * `exe.pdf` of `fdp.exe`; and what shows nothing and only makes two names look like one. Joiners and variation selectors
 * stay: emoji and several scripts need them.
 */
const UNSAFE = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/u;
const EVERY_UNSAFE = new RegExp(UNSAFE, "gu");

/** More marks on one letter than the Stream-Safe Text Format allows (Unicode Standard Annex #15): sorting them is slow. */
const TOO_MANY_MARKS = /(\p{M}{30})\p{M}+/gu;

/** At least one character that shows and is not a dot. */
const VISIBLE = /[^.\s\p{Default_Ignorable_Code_Point}]/u;

/** Most names: printable ASCII without separators, with no space at either end and no dot at its end. */
const PLAIN = /^[!-.0-[\]-~](?:[ -.0-[\]-~]{0,253}[!-\-0-[\]-~])?$/;

/** The names that Windows keeps for devices, whatever comes behind a dot or a colon. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com[\d¹²³]|lpt[\d¹²³])\s*(?:[.:]|$)/i;

/**
 * The name that a file or folder may have on disk: the last part of `wanted` behind any slash or backslash, in Unicode's
 * form NFC, without what is unsafe in a name, and cut to 255 bytes with its extension kept. `undefined` when nothing is
 * left that shows. What it gives has passed {@linkcode isCleanName}, and a name that passes is given as it is.
 */
export function cleanName(wanted: string): string | undefined {
  let name = /[/\\]/.test(wanted) ? wanted.split(/[/\\]/).at(-1)! : wanted;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    if (isCleanName(name)) return name;
    name = cleanedOnce(name);
  }
  return undefined;
}

/**
 * True for a name that may stand on disk as it is: it shows, is no device, is at most 255 bytes long in NFC, and has no
 * separator, no control character, no space at either end and no dot at its end.
 */
export function isCleanName(name: string): boolean {
  if (DEVICE.test(name)) return false;
  if (PLAIN.test(name)) return name !== ".";
  return VISIBLE.test(name) && !/[/\\]/.test(name) && !UNSAFE.test(name) && name.isWellFormed() &&
    withoutEdges(name) === name && fits(name, MAX_NAME_BYTES) && name.normalize("NFC") === name;
}

/**
 * The name to try as the `number`th for a file that must not overwrite another: `a.pdf`, `a (2).pdf`, `a (3).pdf` …
 * Of a clean name it is clean, whatever the number: a long name is cut to make room.
 */
export function numberedName(name: string, number: number): string {
  return number === 1 ? name : fitted(name, ` (${number})`);
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

/** The length of a text in UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** One pass of cleaning. Its cost is linear, for a name may be as long as the headers of a request. */
function cleanedOnce(name: string): string {
  const safe = name.toWellFormed().replace(EVERY_UNSAFE, "").replace(TOO_MANY_MARKS, "$1").normalize("NFC");
  const trimmed = withoutEdges(safe);
  return withoutEdges(fitted(DEVICE.test(trimmed) ? `_${trimmed}` : trimmed, ""));
}

/** Without spaces at either end, and without dots at its end. A regular expression would look at a long run once for each character of it. */
function withoutEdges(name: string): string {
  let end = name.length;
  while (end > 0 && /[\s.]/.test(name.charAt(end - 1))) end--;
  return name.slice(0, end).trimStart();
}

/** The name with `mark` before its extension, cut before the mark to what a name may have, and within no character. */
function fitted(name: string, mark: string): string {
  const { stem, extension } = splitExtension(name);
  const room = MAX_NAME_BYTES - byteLength(mark) - byteLength(extension);
  if (fits(stem, room)) return stem + mark + extension;
  const bytes = new Uint8Array(room);
  const { read } = new TextEncoder().encodeInto(stem, bytes);
  return stem.slice(0, read).trimEnd() + mark + extension;
}

/** True for at most so many bytes of UTF-8; a UTF-16 code unit takes at most three. */
function fits(text: string, bytes: number): boolean {
  return text.length * 3 <= bytes || text.length <= bytes && byteLength(text) <= bytes;
}

function splitExtension(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf(".");
  const extension = name.slice(dot);
  return dot <= 0 || !fits(extension, MAX_EXTENSION_BYTES)
    ? { stem: name, extension: "" }
    : { stem: name.slice(0, dot), extension };
}
