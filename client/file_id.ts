const BROWSER_KEY = "pawl-browser";
const LONGEST_NAME = 600;

/** What makes a file the same file when it is chosen again. */
export interface Identity {
  name: string;
  size: number;
  lastModified: number;
}

/**
 * The `X-File-Id` of a file, in printable ASCII: its name (or its path, so that equal files of two folders stay apart),
 * size and time of last change, and a random part that this browser keeps, so that nobody else can guess it. Without
 * storage the id is the same without that part: an upload never fails because a browser stores nothing.
 */
export function fileId(file: Identity, path?: string): string {
  const name = shorten(encodeURIComponent(path ?? file.name));
  return [name, file.size, file.lastModified, browserPart()].filter((part) => part !== "").join("-");
}

/** `id` as it is if it can stand in a header, percent-encoded if not. */
export function headerId(id: string): string {
  return /^[\x21-\x7e]+$/.test(id) ? id : encodeURIComponent(id);
}

function browserPart(): string {
  try {
    const stored = localStorage.getItem(BROWSER_KEY);
    if (stored !== null && /^[0-9a-f]{32}$/.test(stored)) return stored;
    const made = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"));
    localStorage.setItem(BROWSER_KEY, made.join(""));
    return made.join("");
  } catch {
    return "";
  }
}

/** An id has at most 1024 bytes, and a long name in Chinese has 2295 when it is percent-encoded. */
function shorten(name: string): string {
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}~${checksum(name)}`;
}

/** FNV-1a, 32 bits: tells names apart that begin alike. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}
