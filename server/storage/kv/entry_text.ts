/** Bytes stand in JSON as an object with this one name. No record has it. */
const BYTES = "$bytes";

/** Writes the value of an entry as JSON, bytes within it too. */
export function textOfEntry(value: unknown): string {
  return JSON.stringify(
    value,
    (_, part) => part instanceof Uint8Array ? { [BYTES]: part.toBase64() } : part,
  );
}

/** Reads a value that {@linkcode textOfEntry} wrote. */
export function entryOfText<T>(text: string): T {
  // Most values have no bytes.
  if (!text.includes(`"${BYTES}"`)) return JSON.parse(text);
  return JSON.parse(text, (_, part) => typeof part?.[BYTES] === "string" ? Uint8Array.fromBase64(part[BYTES]) : part);
}
