/** Reads all bytes of a part of a file. Rejects when they cannot be read, or when some of them are gone. */
export async function bytesOf(part: Blob): Promise<ArrayBuffer> {
  const bytes = await part.arrayBuffer();
  if (bytes.byteLength !== part.size) throw new RangeError("Some of its bytes are gone");
  return bytes;
}
