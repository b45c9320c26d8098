/** The longest name of one file or folder, in bytes of UTF-8, that the usual file systems take. */
const MAX_NAME_BYTES = 255;

/**
 * The longest extension that is kept when a name is cut, in bytes with its dot. The text after a late dot in a long
 * sentence is no extension.
 */
const MAX_EXTENSION_BYTES = 32;

/** The most passes of cleaning. Cutting a name can lay bare a device's name, which the next pass mends. */
const MAX_PASSES = 8;

/**
 * The characters that are removed from names. Control characters and line separators spoil listings and logs.
 * Bidirectional controls let `fdp.exe` read as `exe.pdf`. Invisible characters let two names look like one. Joiners and
 * variation selectors are not among them: emoji and several scripts need them.
 */
const UNSAFE = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/u;
const EVERY_UNSAFE = new RegExp(UNSAFE, "gu");

/**
 * More than 30 marks on one letter, the limit of the Stream-Safe Text Format (Unicode Standard Annex #15). Sorting more
 * is slow.
 */
const TOO_MANY_MARKS = /(\p{M}{30})\p{M}+/gu;

/** At least one character that shows and is not a dot. */
const VISIBLE = /[^.\s\p{Default_Ignorable_Code_Point}]/u;

/** A clean name of printable ASCII, as most are: no separators, no space at either end, no dot at its end. */
const PLAIN = /^[!-.0-[\]-~](?:[ -.0-[\]-~]{0,253}[!-\-0-[\]-~])?$/;

/** A name that Windows keeps for a device, whatever follows behind a dot or a colon. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com[\d¹²³]|lpt[\d¹²³])\s*(?:[.:]|$)/i;

/**
 * Makes a clean name for a file or folder: the last segment of `wanted`, in Unicode's form NFC, without unsafe
 * characters, cut to 255 bytes with its extension kept. `undefined` when no visible character remains. The result
 * always passes {@linkcode isCleanName}, and a name that passes is returned unchanged.
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
 * True for a clean name: it has a visible character, is no device of Windows, is at most 255 bytes long in NFC, and has
 * no separator, no unsafe character, no space at either end and no dot at its end.
 */
function isCleanName(name: string): boolean {
  if (DEVICE.test(name)) return false;
  if (PLAIN.test(name)) return name !== ".";
  return VISIBLE.test(name) && !/[/\\]/.test(name) && !UNSAFE.test(name) && name.isWellFormed() &&
    withoutEdges(name) === name && fits(name, MAX_NAME_BYTES) && name.normalize("NFC") === name;
}

/**
 * The `number`th name to try for a file that must not overwrite another: `a.pdf`, then `a (2).pdf`, then `a (3).pdf`.
 * The result of a clean name is clean: a long name is cut to make room for the number.
 */
export function numberedName(name: string, number: number): string {
  return number === 1 ? name : fitted(name, ` (${number})`);
}

/**
 * The file's name in a client's id of the form `name-size-lastModified`, which clients of well-known tutorials make. An
 * id of another form is returned whole. A name that went through `encodeURIComponent` is decoded.
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

/** The length of a text in bytes of UTF-8. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Makes one pass of cleaning. The cost is linear, because a name may be as long as a request's headers. */
function cleanedOnce(name: string): string {
  const safe = name.toWellFormed().replace(EVERY_UNSAFE, "").replace(TOO_MANY_MARKS, "$1").normalize("NFC");
  const trimmed = withoutEdges(safe);
  return withoutEdges(fitted(DEVICE.test(trimmed) ? `_${trimmed}` : trimmed, ""));
}

/** Removes spaces at either end and dots at the end. A regular expression would take quadratic time for a long run. */
function withoutEdges(name: string): string {
  let end = name.length;
  while (end > 0 && /[\s.]/.test(name.charAt(end - 1))) end--;
  return name.slice(0, end).trimStart();
}

/**
 * Puts `mark` before the name's extension. A name that gets too long is cut before the mark, between two characters.
 */
function fitted(name: string, mark: string): string {
  const { stem, extension } = splitExtension(name);
  const room = MAX_NAME_BYTES - byteLength(mark) - byteLength(extension);
  if (fits(stem, room)) return stem + mark + extension;
  const bytes = new Uint8Array(room);
  const { read } = new TextEncoder().encodeInto(stem, bytes);
  return stem.slice(0, read).trimEnd() + mark + extension;
}

/** True when a text has at most `bytes` bytes of UTF-8. A UTF-16 code unit takes at most three. */
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
