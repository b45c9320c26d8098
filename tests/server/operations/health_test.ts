import { assertEquals } from "@std/assert";
import { createHealth, type HealthDeps } from "../../../server/operations/health.ts";
import { memoryLog } from "../../support/log.ts";
import { virtualTime } from "../../support/virtual_time.ts";

const HEALTHY: HealthDeps = {
  isDraining: () => false,
  isFolderThere: () => true,
  freeBytes: () => 100,
  floorBytes: () => 100,
  checkWritable: () => Promise.resolve(),
  commit: () => Promise.resolve(),
  log: memoryLog(),
  monotonic: () => 0,
};

const broken = (code?: string) => () => Promise.reject(Object.assign(new Error("broken"), { code }));

/** The codes of the reasons that a server with these parts tells. */
async function codesOf(parts: Partial<HealthDeps>): Promise<string[]> {
  return (await createHealth({ ...HEALTHY, ...parts })()).map(({ code }) => code);
}

Deno.test("a server is ready when each call succeeds that an upload needs, and otherwise tells every reason", async () => {
  const table: readonly (readonly [Partial<HealthDeps>, string[]])[] = [
    [{}, []],
    [{ isDraining: () => true }, ["draining"]],
    [{ isFolderThere: () => false }, ["moved"]],
    [{ freeBytes: () => 99 }, ["disk-full"]],
    [{ checkWritable: broken("ENOSPC") }, ["disk-full"]],
    [{ checkWritable: broken("EROFS") }, ["disk-failed"]],
    [{ commit: broken() }, ["database-failed"]],
    [{ freeBytes: () => 99, commit: broken() }, ["disk-full", "database-failed"]],
    [{
      freeBytes: () => {
        throw new Error("gone");
      },
    }, ["disk-failed"]],
  ];
  for (const [parts, codes] of table) assertEquals(await codesOf(parts), codes);
});

Deno.test("the log tells why disk and database failed, and the answer does not", async () => {
  const log = memoryLog();
  const reasons = await createHealth({ ...HEALTHY, checkWritable: broken("EROFS"), commit: broken(), log })();
  assertEquals(reasons.some(({ message }) => message.includes("broken")), false);
  assertEquals(log.lines, [
    "warning: The data folder takes no new file: Error: broken",
    "warning: The database takes no commit: Error: broken",
  ]);
});

Deno.test("a database that takes longer than a second is no database, and nobody waits longer for it", async () => {
  using time = virtualTime();
  const never = Promise.withResolvers<void>();
  let codes: string[] | undefined;
  codesOf({ commit: () => never.promise }).then((found) => codes = found);
  await time.pass(999);
  assertEquals(codes, undefined);
  await time.pass(1);
  assertEquals(codes, ["database-slow"]);
  never.resolve();
});

Deno.test("a disk or a bucket that says nothing for five seconds takes no files, and nobody waits longer for it", async () => {
  using time = virtualTime();
  let codes: string[] | undefined;
  codesOf({ checkWritable: () => new Promise(() => {}) }).then((found) => codes = found);
  await time.pass(4999);
  assertEquals(codes, undefined);
  await time.pass(1);
  assertEquals(codes, ["disk-slow"]);
});

Deno.test("those who ask within a second share one look, and the next one looks anew", async () => {
  let now = 0;
  let looks = 0;
  let fails = false;
  const health = createHealth({
    ...HEALTHY,
    commit: () => (looks++, fails ? broken()() : Promise.resolve()),
    monotonic: () => now,
  });
  assertEquals(await Promise.all([health(), health(), health()]), [[], [], []]);
  fails = true;
  now = 999;
  assertEquals([await health(), looks], [[], 1]);
  now = 1000;
  assertEquals([(await health()).map(({ code }) => code), looks], [["database-failed"], 2]);
});

Deno.test("a server that begins to end while it looks is draining, whatever it finds", async () => {
  let isDraining = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  const codes = codesOf({ isDraining: () => isDraining, commit: () => promise });
  isDraining = true;
  resolve();
  assertEquals(await codes, ["draining"]);
});
