/** Bytes stand in JSON as an object with this one name. No record has it. */
const BYTES = "$bytes";

/** The beginning of bytes of Node in entries that earlier versions wrote. No record has another object like it. */
const NODES_BYTES = '{"type":"Buffer"';

/** Writes the value of an entry as JSON, bytes within it too. */
export function textOfEntry(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, name, part) {
    // Node's bytes, such as a digest that was made here, have become an object of another form before this is called.
    const before = this[name];
    return before instanceof Uint8Array ? { [BYTES]: before.toBase64() } : part;
  });
}

/** Reads a value that {@linkcode textOfEntry} wrote. */
export function entryOfText<T>(text: string): T {
  // Most values have no bytes.
  if (!text.includes(`"${BYTES}"`) && !text.includes(NODES_BYTES)) return JSON.parse(text);
  return JSON.parse(text, (_, part) => {
    if (typeof part?.[BYTES] === "string") return Uint8Array.fromBase64(part[BYTES]);
    return part?.type === "Buffer" && Array.isArray(part.data) ? new Uint8Array(part.data) : part;
  });
}
