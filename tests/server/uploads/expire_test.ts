import { assertEquals } from "@std/assert";
import { startSweeper, sweep, type SweepDeps } from "../../../server/uploads/expire.ts";
import { someBytes } from "../../support/bytes.ts";
import { memoryLog } from "../../support/log.ts";
import { openTestApp } from "../../support/pawl.ts";
import { until } from "../../support/until.ts";
import { simpleClient } from "../../support/simple_client.ts";

const file = someBytes(1000);
const day = 86_400_000;

Deno.test("an unfinished upload goes a fixed time after its last byte, is 410 for a day, and then unknown", async () => {
  let now = Date.UTC(2026, 0, 1);
  await using pawl = await openTestApp({ now: () => now, expireAfterMs: 7 * day });
  const client = simpleClient(pawl.app);
  const size = { "X-File-Size": "1000" };
  const first = await client.send("a", 0, file.slice(0, 100), size);
  const get = async () => (await pawl.app(new Request(`http://localhost${first.headers.get("location")}`))).status;
  assertEquals(first.headers.get("upload-expires"), "Thu, 08 Jan 2026 00:00:00 GMT");
  now += 6 * day;
  const second = await client.send("a", 100, file.slice(100, 200), size);
  assertEquals(second.headers.get("upload-expires"), "Wed, 14 Jan 2026 00:00:00 GMT");
  now += 6 * day;
  await pawl.sweep();
  assertEquals((await client.status("a")).text, "200");
  now += day;
  await pawl.sweep();
  assertEquals((await client.status("a")).text, "0");
  assertEquals([await get(), await pawl.incomingNames()], [410, []]);
  now += day;
  await pawl.sweep();
  assertEquals(await get(), 404);
});

Deno.test("a finished file never expires", async () => {
  let now = 0;
  await using pawl = await openTestApp({ now: () => now });
  const client = simpleClient(pawl.app);
  await client.send("a", 0, file);
  now += 10_000 * day;
  await pawl.sweep();
  assertEquals((await client.status("a")).text, "1000");
  assertEquals(await pawl.finished("a"), file);
});

/** A sweep of ids without end, of which `expire` does something. */
function endlessSweep(expire: (id: string) => Promise<void>) {
  const log = memoryLog();
  const deps: SweepDeps = {
    engine: { expire, recordRemovals: () => Promise.resolve() },
    records: {
      async *due() {
        for (let number = 0;; number++) yield String(number);
      },
    },
    clock: { now: () => 0, save: () => Promise.resolve() },
    log,
  };
  return { deps, log };
}

Deno.test("the end of the server ends a sweep, however much is due, and that is no failure", async () => {
  let hasBegun = false;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const { deps, log } = endlessSweep(async (id) => {
    if (id !== "10") return;
    hasBegun = true;
    await ended;
    throw new Error("The server is restarting");
  });
  const sweeper = startSweeper((stop) => sweep(deps, stop), 1);
  await until(() => hasBegun, "the sweep has come to its tenth upload");
  const swept = sweeper[Symbol.asyncDispose]();
  end();
  await swept;
  assertEquals(log.lines, []);
});

Deno.test("a disk that fails for each of a thousand uploads is one line in the log", async () => {
  const { deps, log } = endlessSweep(() => Promise.reject(new Error("disk I/O error")));
  async function* due() {
    for (let number = 0; number < 1000; number++) yield String(number);
  }
  await sweep({ ...deps, records: { due } });
  assertEquals(log.lines, [
    "error: Cannot remove 1000 uploads that are past their time; the first failed with Error: disk I/O error",
  ]);
});
