/** Bytes of a stream, up to the next piece. */
export interface StreamPiece {
  /** The byte of the stream at which it begins. */
  readonly start: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** True when nothing comes behind it. The last piece may be empty. */
  readonly isLast: boolean;
}

/**
 * Cuts a stream into pieces of `pieceBytes`, all but the last. A piece comes when the first byte behind it has, so that
 * the last one is known. At most one piece lies in memory besides the one that was given last.
 */
export async function* piecesOf(
  stream: ReadableStream<Uint8Array>,
  pieceBytes: number,
): AsyncGenerator<StreamPiece, void, undefined> {
  let start = 0;
  let piece = new Uint8Array(pieceBytes);
  let filled = 0;
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length;) {
      if (filled === pieceBytes) {
        yield { start, bytes: piece, isLast: false };
        start += filled;
        piece = new Uint8Array(pieceBytes);
        filled = 0;
      }
      const part = chunk.subarray(at, at + pieceBytes - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
    }
  }
  yield { start, bytes: piece.subarray(0, filled), isLast: true };
}

/** Gives what `items` gives, and has the next one made while the present one is used. */
export async function* oneAhead<Item>(items: AsyncGenerator<Item, void, undefined>): AsyncGenerator<Item> {
  const next = () => {
    const result = items.next();
    // An error comes to whoever takes the item.
    result.catch(() => {});
    return result;
  };
  for (let coming = next();;) {
    const { value, done } = await coming;
    if (done) return;
    coming = next();
    yield value;
  }
}
