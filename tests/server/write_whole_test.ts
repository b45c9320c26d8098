import { assertEquals, assertThrows } from "@std/assert";
import { writeWhole } from "../../server/write_whole.ts";

Deno.test("all bytes are written to a pipe that is full now and then, and takes a few at a time", () => {
  const written: number[] = [];
  let asked = 0;
  const writeSync = (bytes: Uint8Array) => {
    if (++asked % 2 === 1) throw new Deno.errors.WouldBlock("Resource temporarily unavailable");
    written.push(...bytes.subarray(0, 2));
    return Math.min(2, bytes.length);
  };
  writeWhole({ writeSync }, Uint8Array.of(1, 2, 3, 4, 5));
  assertEquals(written, [1, 2, 3, 4, 5]);
});

Deno.test("a pipe that nobody reads any more is an error", () => {
  const writeSync = () => {
    throw new Deno.errors.BrokenPipe("Broken pipe");
  };
  assertThrows(() => writeWhole({ writeSync }, Uint8Array.of(1)), Deno.errors.BrokenPipe);
});
