import { typesByFirstBytes } from "./signatures.ts";

/** How many bytes of a file {@linkcode shownType} wants to see: as many as browsers look at (MIME Sniffing, 5.2). */
export const HEAD_BYTES = 1445;

/** The types that a browser shows or plays and never runs. SVG is not among them, because it may hold scripts. */
const SHOWN =
  /^(?:image\/(?:apng|avif|bmp|gif|heic|heif|jpeg|jpg|jxl|pjpeg|png|tiff|webp|x-ms-bmp)|audio\/[\w.+-]+|video\/[\w.+-]+|application\/pdf|text\/plain)$/;

/** True for a type that is worth a look at the first bytes. For any other {@linkcode shownType} gives nothing. */
export function mayBeShown(claimed: string | undefined): claimed is string {
  return claimed !== undefined && SHOWN.test(essenceOf(claimed));
}

/**
 * The type under which a browser may show a file: a picture of pixels, audio, video, PDF or plain text. `claimed` is
 * the type by the client, or by the file's name; `head` is the file's first {@linkcode HEAD_BYTES} bytes, or all of a
 * shorter file. The bytes decide: a JPEG that is called a PNG is a JPEG. But they never change the kind, so that a
 * video is no picture, and text is shown only if it was called text. `undefined` for a file that is to be saved.
 */
export function shownType(claimed: string | undefined, head: Uint8Array): string | undefined {
  if (!mayBeShown(claimed)) return undefined;
  const essence = essenceOf(claimed);
  const types = typesByFirstBytes(head);
  if (types.includes(essence)) return essence;
  if (essence === "text/plain") return types.length === 0 ? textType(head) : undefined;
  return types.find((type) => kindOf(type) === kindOf(essence));
}

/** The bytes that no text has (MIME Sniffing, section 3, "binary data byte"). */
// deno-lint-ignore no-control-regex -- these are the characters that it is about
const BINARY = /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/;

/** The type of text, with its encoding if the bytes tell it. `undefined` for bytes that are no text. */
function textType(head: Uint8Array): string | undefined {
  const hasMark = head[0] === 0xfe && head[1] === 0xff || head[0] === 0xff && head[1] === 0xfe;
  // A browser finds UTF-16 by its mark.
  if (hasMark) return "text/plain";
  if (BINARY.test(new TextDecoder("latin1").decode(head))) return undefined;
  return isUtf8(head) ? "text/plain; charset=UTF-8" : "text/plain";
}

function isUtf8(head: Uint8Array): boolean {
  try {
    // The last character may be cut.
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function essenceOf(type: string): string {
  return type.toLowerCase().split(";")[0]!;
}

function kindOf(type: string): string {
  return type.split("/")[0]!;
}
