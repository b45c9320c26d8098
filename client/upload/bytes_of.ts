/** Reads all bytes of a part of a file. Rejects when they cannot be read, or when some of them are gone. */
export async function bytesOf(part: Blob): Promise<ArrayBuffer> {
  const bytes = await part.arrayBuffer();
  if (bytes.byteLength !== part.size) throw new RangeError(`${bytes.byteLength} of ${part.size} bytes are there`);
  return bytes;
}
