import { assertEquals } from "@std/assert";
import { Checkpoints } from "../../../server/receiving/checkpoints.ts";

/** The offsets that are recorded when `pieces` are written, each after the one before has been recorded. */
async function recorded(pieces: readonly number[], endsAt?: number): Promise<number[]> {
  const offsets: number[] = [];
  const file = { length: 0 };
  const checkpoints = new Checkpoints({
    get length() {
      return file.length;
    },
    write: () => Promise.resolve(),
    flush: () => Promise.resolve(),
    checkpoint: () => Promise.resolve(file.length),
    cut: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }, {
    everyBytes: 100,
    everyMs: Infinity,
    ...endsAt !== undefined && { endsAt },
    commit: (offset) => Promise.resolve(void offsets.push(offset)),
    made: () => {},
  });
  for (const piece of pieces) {
    file.length += piece;
    checkpoints.written();
    await checkpoints.end();
  }
  return offsets;
}

Deno.test("a checkpoint is made after so many bytes, and none at the end of the body, which is recorded anyhow", async () => {
  assertEquals(await recorded([60, 60, 60, 60, 60]), [120, 240]);
  assertEquals(await recorded([100, 100, 100], 300), [100, 200]);
  assertEquals(await recorded([100], 100), []);
});
