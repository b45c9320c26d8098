/** Reads all bytes of a part of a file. Rejects when they cannot be read, or when some of them are gone. */
export async function bytesOf(part: Blob): Promise<ArrayBuffer> {
  const bytes = await part.arrayBuffer();
  if (bytes.byteLength !== part.size) throw gone();
  return bytes;
}

/** The error of a read that has met the end of a file too early. */
export function gone(): RangeError {
  return new RangeError("Some of its bytes are gone");
}
