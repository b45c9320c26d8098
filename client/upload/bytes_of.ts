/** Reads all bytes of a part of a file. Rejects when they cannot be read, or when some of them are gone. */
export async function bytesOf(part: Blob): Promise<ArrayBuffer> {
  const bytes = await part.arrayBuffer();
  if (bytes.byteLength !== part.size) throw gone();
  return bytes;
}

/** The bytes of a mark. No file has a mark by chance. */
const MARK_BYTES = 16;

/**
 * Reads all bytes of several small files at one go: to ask a browser for a file takes longer than its bytes do. Gives
 * `undefined` for a file that cannot be read, or that has another size than when it was chosen.
 */
export async function bytesOfEach(files: readonly Blob[]): Promise<(ArrayBuffer | undefined)[]> {
  try {
    return await readTogether(files);
  } catch {
    // One of them cannot be read. The others can.
    return await Promise.all(files.map((file) => bytesOf(file).catch(() => undefined)));
  }
}

/**
 * Reads files as one. Behind each lies a mark, which is not at its place when a file has not its size any more, also if
 * another one makes up for it.
 */
async function readTogether(files: readonly Blob[]): Promise<ArrayBuffer[]> {
  const mark = crypto.getRandomValues(new Uint8Array(MARK_BYTES));
  const all = new Uint8Array(await new Blob(files.flatMap((file) => [file, mark])).arrayBuffer());
  let at = 0;
  return files.map(({ size }) => {
    const end = at + size;
    if (!mark.every((byte, index) => all[end + index] === byte)) throw gone();
    const bytes = all.slice(at, end).buffer;
    at = end + MARK_BYTES;
    return bytes;
  });
}

/** The error of a read that has met the end of a file too early. */
export function gone(): RangeError {
  return new RangeError("Some of its bytes are gone");
}
