import { assertEquals } from "@std/assert";
import { createLineWriter, type LineWriter } from "../../server/log_writer.ts";

interface Pipe {
  readonly writer: LineWriter;
  /** The texts that were written, one for each call. */
  readonly written: string[];
  /** Lets the write that waits go on: it takes so many bytes, or fails. */
  take(bytes?: number): Promise<void>;
  fail(): Promise<void>;
}

/** A pipe that takes nothing before the test says so. */
function openPipe(most?: number): Pipe {
  const written: string[] = [];
  const decoder = new TextDecoder();
  let waiting: { bytes: Uint8Array; result: PromiseWithResolvers<number> } | undefined;
  const write = (bytes: Uint8Array): Promise<number> => {
    waiting = { bytes, result: Promise.withResolvers() };
    return waiting.result.promise;
  };
  const settled = () => new Promise<void>((resolve) => setTimeout(resolve));
  return {
    writer: createLineWriter({ write, tellDropped: (count) => `${count} missing\n`, ...most && { most } }),
    written,
    async take(most = Infinity) {
      const { bytes, result } = waiting!;
      const taken = bytes.subarray(0, Math.min(most, bytes.length));
      written.push(decoder.decode(taken));
      result.resolve(taken.length);
      await settled();
    },
    async fail() {
      waiting!.result.reject(new Deno.errors.BrokenPipe("Broken pipe"));
      await settled();
    },
  };
}

Deno.test("lines are written in order, gathered while others are being written, and whole after a short write", async () => {
  const { writer, written, take } = openPipe();
  for (const line of ["a\n", "b\n", "c\n"]) writer.write(line);
  await take();
  await take(1);
  await take();
  assertEquals(written, ["a\n", "b", "\nc\n"]);
  writer.write("d\n");
  await take();
  assertEquals(written.at(-1), "d\n");
});

Deno.test("a full pipe drops lines, and their number stands in their place when it takes lines again", async () => {
  const { writer, written, take } = openPipe(10);
  writer.write("first\n");
  for (const line of ["12345\n", "too much\n", "too much\n", "78\n", "9 is over\n"]) writer.write(line);
  await take();
  await take();
  writer.write("last\n");
  await take();
  assertEquals(written, ["first\n", "12345\n78\n3 missing\n", "last\n"]);
});

Deno.test("lines that could not be written are counted before the next ones", async () => {
  const { writer, written, take, fail } = openPipe();
  writer.write("lost\n");
  writer.write("kept\n");
  await fail();
  writer.write("and this\n");
  await take();
  assertEquals(written, ["1 missing\nkept\nand this\n"]);
});

Deno.test("a pipe that fails again and again counts all", async () => {
  const { writer, written, take, fail } = openPipe();
  for (const line of ["a\n", "b\n", "c\n"]) {
    writer.write(line);
    await fail();
  }
  writer.write("d\n");
  await take();
  assertEquals(written, ["3 missing\nd\n"]);
});

Deno.test("flush() waits for what was written, and not for a pipe that nobody reads", async () => {
  const { writer, written, take } = openPipe();
  await writer.flush(10_000);
  writer.write("a\n");
  await writer.flush(1);
  assertEquals(written, []);
  const flushed = writer.flush(10_000);
  await take();
  await flushed;
  assertEquals(written, ["a\n"]);
});
