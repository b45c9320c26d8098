import stringWidth from "string-width";

/** Control characters, those that change the direction of writing, invisible ones, and halves of a pair of UTF-16. */
const HARMFUL = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;

/** Makes a text from elsewhere safe to print in one line: nothing in it moves the cursor or turns its direction. */
export function shown(text: string): string {
  return text.replaceAll(HARMFUL, "\ufffd");
}

/** Writes a value as JSON in ASCII, which is safe to print too. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (found) => Array.from({ length: found.length }, (_, at) => unit(found.charCodeAt(at))).join(""),
  );
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Fits a safe text into so many columns of a terminal: cuts its middle out, or adds spaces behind it. */
export function fitted(text: string, columns: number): string {
  const width = stringWidth(text);
  if (width <= columns) return text + " ".repeat(columns - width);
  const signs = Array.from(graphemes.segment(text.slice(0, 4096)), ({ segment }) => segment);
  const tail = Array.from(graphemes.segment(text.slice(-4096)), ({ segment }) => segment).reverse();
  const head = taken(signs, Math.ceil((columns - 1) / 2));
  const end = taken(tail, columns - 1 - stringWidth(head.join(""))).reverse();
  const cut = `${head.join("")}…${end.join("")}`;
  return columns < 2 ? "…".slice(0, columns) : cut + " ".repeat(Math.max(0, columns - stringWidth(cut)));
}

/** The first of these signs that fit into so many columns. */
function taken(signs: readonly string[], columns: number): string[] {
  let width = 0;
  const found: string[] = [];
  for (const sign of signs) {
    width += stringWidth(sign);
    if (width > columns) break;
    found.push(sign);
  }
  return found;
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** A number of bytes in units of 1000, such as `67.1 MB`. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let at = 0;
  while (value >= 999.95 && at < UNITS.length - 1) {
    value /= 1000;
    at++;
  }
  return `${at === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[at]}`;
}

/** A time span as `m:ss` or `h:mm:ss`. */
export function timeText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const two = (count: number) => String(count).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** A share in whole percent. Only the whole is 100. */
export function percentText(part: number, whole: number): string {
  return `${whole === 0 || part >= whole ? 100 : Math.min(99, Math.floor(100 * part / whole))} %`;
}
