import { Buffer } from "node:buffer";
import { assertEquals, assertRejects } from "@std/assert";
import { byteReader, partsOf } from "../../../client/upload/parts_of.ts";

const MIB = 2 ** 20;

/** Bytes that differ from place to place, and from those of another seed. */
function bytesFrom(seed: number, size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(size).map((_, at) => (at * 31 + seed + (at >> 11)) & 255);
}

/** A part of a file that is gone behind its first bytes, as a browser reads it. */
class GonePart extends Blob {
  readonly #left: number;
  readonly #error: Error | undefined;

  constructor(size: number, { left, error }: { left: number; error?: Error }) {
    super([new Uint8Array(size)]);
    this.#left = left;
    this.#error = error;
  }

  override stream(): ReturnType<Blob["stream"]> {
    let left = this.#left;
    return new ReadableStream({
      type: "bytes",
      pull: (controller) => {
        const { byobRequest } = controller;
        const count = Math.min(left, byobRequest?.view?.byteLength ?? 0);
        if (count === 0) {
          if (this.#error === undefined) controller.close();
          else controller.error(this.#error);
        }
        left -= count;
        byobRequest?.respond(count);
      },
    });
  }
}

/** All bytes, put together while each part lies in memory. */
async function join(piece: Blob, partBytes: number): Promise<{ sizes: number[]; bytes: Uint8Array }> {
  const bytes = new Uint8Array(piece.size);
  const sizes: number[] = [];
  let at = 0;
  for await (const part of partsOf(piece, partBytes, byteReader(piece))) {
    bytes.set(part instanceof ArrayBuffer ? new Uint8Array(part) : part, at);
    at += part.byteLength;
    sizes.push(part.byteLength);
  }
  return { sizes, bytes };
}

Deno.test("a piece is read whole, in parts of one size, the last of which may be shorter", async () => {
  for (const size of [0, 10, MIB, 3 * MIB, 2 * MIB + 7]) {
    const bytes = bytesFrom(size, size);
    const joined = await join(new Blob([bytes]), MIB);
    assertEquals(joined.sizes, [...Array(Math.floor(size / MIB)).fill(MIB), ...size % MIB === 0 ? [] : [size % MIB]]);
    assertEquals(Buffer.compare(joined.bytes, bytes), 0, `${size} bytes`);
  }
});

Deno.test("a piece of which bytes are gone is refused", async () => {
  for (const left of [0, 1000, MIB, 2 * MIB - 1]) {
    await assertRejects(() => join(new GonePart(2 * MIB, { left }), MIB), RangeError, "Some of its bytes are gone");
  }
  const error = new DOMException("It was changed", "NotReadableError");
  await assertRejects(() => join(new GonePart(2 * MIB, { left: 1000, error }), MIB), DOMException, "It was changed");
});

Deno.test("a browser that cannot fill memory which it is given reads the same parts", async () => {
  const bytes = bytesFrom(3, 2 * MIB + 5);
  class OldBlob extends Blob {
    override stream(): ReturnType<Blob["stream"]> {
      return new ReadableStream() as ReturnType<Blob["stream"]>;
    }
  }
  const joined = await join(new OldBlob([bytes]), MIB);
  assertEquals(joined.sizes, [MIB, MIB, 5]);
  assertEquals(Buffer.compare(joined.bytes, bytes), 0);
});
