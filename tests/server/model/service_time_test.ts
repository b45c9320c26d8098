import { assertEquals } from "@std/assert";
import { advanced, firstServiceTime } from "../../../server/model/service_time.ts";

const minute = 60_000;
const day = 1440 * minute;

Deno.test("service time goes on with the monotonic clock, and stands still while the process does", () => {
  for (
    const [what, step, counted] of [
      ["a look after a minute", minute, minute],
      ["two looks at once", 0, 0],
      ["a busy process", 4 * minute, 4 * minute],
      ["a container that was paused for a week", 7 * day, 5 * minute],
      ["a clock that goes back, which none should", -day, 0],
    ] as const
  ) {
    const { ms, lookedAt } = advanced({ ms: 1000, lookedAt: 50 }, 50 + step, 5 * minute);
    assertEquals([what, ms, lookedAt], [what, 1000 + counted, 50 + step]);
  }
});

Deno.test("service time begins at the wall clock, and makes nothing due at once but what is due first", () => {
  for (
    const [what, wall, firstDueAt, begins] of [
      ["an empty folder", day, undefined, day],
      ["the uploads of an earlier Pawl", day, 5 * day, day],
      ["the same, and a clock that is years ahead", 2000 * day, 5 * day, 5 * day],
      ["the same, and a clock that begins in 1970", 0, 5 * day, 0],
    ] as const
  ) {
    assertEquals([what, firstServiceTime(wall, firstDueAt)], [what, begins]);
  }
});
