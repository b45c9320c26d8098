/** The first bytes of a file, by hexadecimal bytes and text between quotes: `FF D8 "JFIF"`. Zeros follow. */
export function firstBytes(description: string, length = 600): Uint8Array<ArrayBuffer> {
  const bytes = description.match(/"[^"]*"|[\dA-F]{2}/g)!.flatMap((part) =>
    part.startsWith('"') ? [...new TextEncoder().encode(part.slice(1, -1))] : [parseInt(part, 16)]
  );
  const head = new Uint8Array(Math.max(length, bytes.length));
  head.set(bytes);
  return head;
}

/** One pixel. */
export const PNG: Uint8Array<ArrayBuffer> = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
);

/** A page that would run a script. */
export const HTML = new TextEncoder().encode("<!doctype html><script>alert(document.domain)</script>");

/** A sound without compression: so many seconds of a tone, 8000 samples of 16 bits each second (RIFF WAVE). */
export function wav(seconds: number): Uint8Array<ArrayBuffer> {
  const rate = 8000;
  const dataBytes = 2 * rate * seconds;
  const file = new Uint8Array(44 + dataBytes);
  const view = new DataView(file.buffer);
  const text = (at: number, letters: string) => file.set(new TextEncoder().encode(letters), at);
  text(0, "RIFF");
  view.setUint32(4, 36 + dataBytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, dataBytes, true);
  for (let at = 0; at < rate * seconds; at++) view.setInt16(44 + 2 * at, 3000 * Math.sin(at / 4), true);
  return file;
}
