import { assert, assertEquals, assertRejects } from "@std/assert";
import { createReadPart } from "../../../client/upload/reused_memory.ts";
import { digestOf } from "../../../client/upload/fingerprint.ts";

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

Deno.test("parts of every size are read whole, one after the other, and large ones into the same memory", async () => {
  const readPart = createReadPart();
  const read: ArrayBufferLike[] = [];
  for (const size of [0, 10, MIB, 3 * MIB, 2 * MIB + 7, 3 * MIB, 17 * MIB]) {
    const bytes = bytesFrom(size, size);
    const part = await readPart(new Blob([bytes]));
    assertEquals(await digestOf(part), await digestOf(bytes.buffer), `${size} bytes`);
    if (part instanceof Uint8Array) read.push(part.buffer);
  }
  assertEquals(read.map(({ byteLength }) => byteLength), [0, 0, 3 * MIB]);
});

Deno.test("a part of which bytes are gone is refused, and the next one is read all the same", async () => {
  const readPart = createReadPart();
  const size = 2 * MIB;
  const good = bytesFrom(1, size);
  for (const left of [0, 1000, size - 1]) {
    await assertRejects(() => readPart(new GonePart(size, { left })), RangeError, "Some of its bytes are gone");
    assertEquals(await digestOf(await readPart(new Blob([good]))), await digestOf(good.buffer));
  }
  const error = new DOMException("It was changed", "NotReadableError");
  await assertRejects(() => readPart(new GonePart(size, { left: 1000, error })), DOMException, "It was changed");
  assertEquals(await digestOf(await readPart(new Blob([good]))), await digestOf(good.buffer));
});

Deno.test("a browser that cannot fill memory which it is given reads parts as always", async () => {
  const bytes = bytesFrom(3, 2 * MIB);
  class OldBlob extends Blob {
    override stream(): ReturnType<Blob["stream"]> {
      return new ReadableStream() as ReturnType<Blob["stream"]>;
    }
  }
  const part = await createReadPart()(new OldBlob([bytes]));
  assert(part instanceof ArrayBuffer);
  assertEquals(await digestOf(part), await digestOf(bytes.buffer));
});
