import { assertEquals } from "@std/assert";
import { type FileNumbers, watchFolder } from "../../../../server/storage/disk/folder_watch.ts";
import { until } from "../../../support/until.ts";

const first: FileNumbers = { dev: 1, ino: 10 };

/** A watched file that can be exchanged, without a clock that goes on by itself. */
function watched(everyMs = 1e9) {
  const world = { found: () => first, looks: 0, now: 0 };
  const stat = () => (world.looks++, world.found());
  return { world, watch: watchFolder({ path: "pawl.db", stat, monotonic: () => world.now, everyMs }) };
}

const nothing = (error: Error) => () => {
  throw error;
};

Deno.test("another file, another disk or nothing in the place of the database is a folder that has moved", async () => {
  for (
    const [found, why] of [
      [() => ({ dev: 1, ino: 11 }), "another one is in its place"],
      [() => ({ dev: 2, ino: 10 }), "another disk is mounted there"],
      [nothing(new Deno.errors.NotFound()), "nothing is there any more"],
      [nothing(new Deno.errors.NotADirectory()), "nothing is there any more"],
    ] as const
  ) {
    const { world, watch } = watched();
    world.now = 100;
    assertEquals([why, watch.isThere()], [why, true]);
    world.found = found;
    world.now = 200;
    assertEquals([why, watch.isThere()], [why, false]);
    assertEquals(await watch.moved, why);
    // The server has answered meanwhile, so it never goes back.
    world.found = () => first;
    world.now = 1000;
    assertEquals([why, watch.isThere()], [why, false]);
  }
});

Deno.test("a disk that cannot be looked at for once says nothing of the folder", () => {
  const { world, watch } = watched();
  for (const error of [new Error("Input/output error (os error 5)"), new Deno.errors.PermissionDenied()]) {
    world.found = nothing(error);
    world.now += 1000;
    assertEquals(watch.isThere(), true);
  }
  watch[Symbol.dispose]();
});

Deno.test("however often it is asked, it looks ten times a second at most", () => {
  using open = new DisposableStack();
  const { world, watch } = watched();
  open.use(watch);
  for (; world.now < 1000; world.now++) watch.isThere();
  assertEquals(world.looks, 1 + 9);
});

Deno.test("where nobody asks it looks by itself", async () => {
  const { world, watch } = watched(1);
  world.found = nothing(new Deno.errors.NotFound());
  let found: string | undefined;
  watch.moved.then((what) => found = what);
  await until(() => found !== undefined, "it has looked");
  assertEquals(found, "nothing is there any more");
});
