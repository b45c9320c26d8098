import { assertEquals } from "@std/assert";
import { Backlog, SMALL_WINDOW, TAKING_READS } from "../../../server/receiving/backlog.ts";

/** Reads pieces of one size until others must have their turn, so many times over. */
function readTurns(backlog: Backlog, piece: number, turns: number): void {
  for (let turn = 0; turn < turns; turn++) {
    while (!backlog.isTurnOver) backlog.gave(piece);
    backlog.turned();
  }
}

Deno.test("a client whose reads wait now and then has no backlog, however short its chunks are", () => {
  const backlog = new Backlog();
  for (let count = 0; count < 100; count++) {
    readTurns(backlog, 1, 1);
    backlog.drained();
    assertEquals(backlog.isTooLarge, false);
  }
});

Deno.test("a backlog gets too large where a turn takes more than it gives, within a few turns, and only there", () => {
  const rows: [piece: number, turns: number, isTooLarge: boolean][] = [
    [1, 2, false],
    [1, 3, true],
    [10, 4, true],
    [40, 7, true],
    [60, 1000, false],
    [500, 1000, false],
  ];
  for (const [piece, turns, isTooLarge] of rows) {
    const backlog = new Backlog();
    readTurns(backlog, piece, turns);
    assertEquals(backlog.isTooLarge, isTooLarge, `${piece} bytes a read, ${turns} turns`);
  }
});

Deno.test("a few reads between two turns take no more than they can", () => {
  const backlog = new Backlog();
  for (let turn = 0; turn < 1000; turn++) {
    backlog.gave(SMALL_WINDOW - 20);
    backlog.turned();
  }
  assertEquals(backlog.isTooLarge, false);
});

Deno.test("the window grows once, for chunks that fill many small ones, to what one turn takes and gives", () => {
  const rows: [chunk: number, isLarge: boolean][] = [[500, false], [1024, false], [2100, false], [65536, true]];
  for (const [chunk, isLarge] of rows) {
    const backlog = new Backlog();
    for (let chunks = 0; chunks < 100; chunks++) {
      // A chunk's length takes a part of its first window.
      let at = 0;
      while (at < chunk) {
        const piece = Math.min(chunk - at, backlog.window - (at === 0 ? 8 : 0));
        backlog.gave(piece);
        at += piece;
      }
    }
    assertEquals(backlog.window, isLarge ? 2 ** 20 / TAKING_READS : SMALL_WINDOW, `chunks of ${chunk} bytes`);
  }
});
