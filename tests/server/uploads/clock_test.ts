import { createSameName } from "../../../server/model/same_name.ts";
import { assert, assertEquals } from "@std/assert";
import { openRecords } from "../../../server/storage/kv/records.ts";
import { openServiceClock } from "../../../server/uploads/service_clock.ts";
import { someBytes } from "../../support/bytes.ts";
import { memoryLog } from "../../support/log.ts";
import { openTestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { testStore } from "../../support/test_store.ts";

const file = someBytes(1000);
const size = { "X-File-Size": "1000" };
const day = 86_400_000;
const year = 365 * day;
const today = Date.UTC(2026, 0, 1);

/** A machine whose two clocks are set one by one. */
function machine() {
  const clocks = { wall: today, ticks: 0 };
  return {
    clocks,
    /** Time passes as it should. */
    pass(ms: number) {
      clocks.wall += ms;
      clocks.ticks += ms;
    },
    wishes: { now: () => clocks.wall, monotonic: () => clocks.ticks, expireAfterMs: 7 * day },
  };
}

Deno.test("a clock that jumps expires nothing: years forward, years back, and right again", async () => {
  for (const jumps of [[5 * year, -5 * year], [-5 * year, 5 * year], [-today, today], [30 * day]]) {
    const { clocks, pass, wishes } = machine();
    await using pawl = await openTestApp(wishes);
    const client = simpleClient(pawl.app);
    await client.send("before", 0, file.slice(0, 100), size);
    for (const [index, jump] of jumps.entries()) {
      clocks.wall += jump;
      await pawl.sweep();
      await client.send(`meanwhile-${index}`, 0, file.slice(0, 100), size);
      pass(day);
      await pawl.sweep();
    }
    for (const id of ["before", ...jumps.keys().map((index) => `meanwhile-${index}`)]) {
      assertEquals([jumps, id, (await client.status(id)).text], [jumps, id, "100"]);
    }
    // Nothing is kept for longer by a jump either.
    pass(7 * day);
    await pawl.sweep();
    assertEquals(await pawl.incomingNames(), []);
  }
});

Deno.test("a start with a wrong clock, ahead or in 1970, expires nothing", async () => {
  for (const wrong of [today + 5 * year, 0]) {
    await using dir = await tempDir();
    const { clocks, pass, wishes } = machine();
    const open = () => openTestApp({ ...wishes, data: dir.path });
    {
      await using pawl = await open();
      await simpleClient(pawl.app).send("before", 0, file.slice(0, 100), size);
      pass(2 * day);
      await pawl.sweep();
    }
    // Another start of the machine: its monotonic clock begins anew.
    Object.assign(clocks, { wall: wrong, ticks: 0 });
    {
      await using pawl = await open();
      await pawl.sweep();
      await simpleClient(pawl.app).send("wrong", 0, file.slice(0, 100), size);
      // It is set right by the network in the middle.
      clocks.wall = today + 3 * day;
      pass(day);
      await pawl.sweep();
    }
    await using pawl = await open();
    const client = simpleClient(pawl.app);
    const counts = async () => [(await client.status("before")).text, (await client.status("wrong")).text];
    await pawl.sweep();
    assertEquals(await counts(), ["100", "100"]);
    pass(4 * day);
    await pawl.sweep();
    assertEquals(await counts(), ["0", "100"]);
    pass(2 * day);
    await pawl.sweep();
    assertEquals(await counts(), ["0", "0"]);
  }
});

Deno.test("a time in which no client could come does not count: a machine that sleeps, a server that is off", async () => {
  await using dir = await tempDir();
  const { clocks, wishes } = machine();
  {
    await using pawl = await openTestApp({ ...wishes, data: dir.path });
    await simpleClient(pawl.app).send("a", 0, file.slice(0, 100), size);
    // Linux does not count sleep in its monotonic clock.
    clocks.wall += 30 * day;
    await pawl.sweep();
    assertEquals((await simpleClient(pawl.app).status("a")).text, "100");
  }
  clocks.wall += 30 * day;
  await using pawl = await openTestApp({ ...wishes, data: dir.path });
  await pawl.sweep();
  const { text, headers } = await simpleClient(pawl.app).status("a");
  assertEquals([text, headers.get("upload-expires")], ["100", new Date(clocks.wall + 7 * day).toUTCString()]);
});

Deno.test("a crash takes back no more than ten minutes of the time that a server has run", async () => {
  using records = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  const { clocks, pass } = machine();
  const log = memoryLog();
  const open = () => openServiceClock({ records, log }, { wall: () => clocks.wall, monotonic: () => clocks.ticks });
  const clock = await open();
  const start = clock.now();
  assertEquals(start, today);
  for (let minute = 1; minute <= 100; minute++) {
    pass(60_000);
    await clock.save();
    const after = (await open()).now() - start;
    assert(after <= minute * 60_000 && after > (minute - 10) * 60_000, `${after} ms after ${minute} minutes`);
  }
  await clock.saveLast();
  assertEquals((await open()).now(), clock.now());
  assertEquals(log.lines, []);
});

Deno.test("an instance that stood still goes on by the time of those that did not", async () => {
  using records = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  const log = memoryLog();
  const [still, other] = [machine(), machine()];
  const open = ({ clocks }: typeof still, longestStepMs: number) =>
    openServiceClock({ records, log }, { wall: () => clocks.wall, monotonic: () => clocks.ticks, longestStepMs });
  const [one, two] = [await open(still, 300_000), await open(other, 300_000)];
  for (let minute = 0; minute < 2 * 24 * 60; minute++) {
    other.pass(60_000);
    await two.save();
  }
  await two.saveLast();
  still.pass(2 * day);
  assertEquals(one.now(), today + 300_000);
  await one.save();
  assertEquals([one.now(), two.now()], [today + 2 * day, today + 2 * day]);
  // An instance that is behind takes nothing back from the others.
  other.pass(60_000);
  await two.saveLast();
  await one.saveLast();
  assertEquals([two.now(), await records.serviceTime()], [today + 2 * day + 60_000, today + 2 * day + 60_000]);
  assertEquals(log.lines, []);
});

Deno.test("the record of a file that was taken away is kept for a day, whatever the clock shows", async () => {
  for (const jump of [5 * year, -5 * year]) {
    const { clocks, pass, wishes } = machine();
    await using pawl = await openTestApp(wishes);
    const client = simpleClient(pawl.app);
    const { headers } = await client.send("first", 0, file, { "X-File-Name": "a" });
    assertEquals((await client.send("first", 1000, null)).text, "Success 1000");
    await testStore().takeAway(pawl.data, "a");
    clocks.wall += jump;
    await client.send("second", 0, file.slice(0, 10), { "X-File-Name": "a" });
    const status = async () => (await pawl.app(new Request(`http://localhost${headers.get("location")}`))).status;
    pass(day - 1000);
    await pawl.sweep();
    assertEquals([jump, await status()], [jump, 410]);
    pass(2000);
    await pawl.sweep();
    assertEquals([jump, await status()], [jump, 404]);
  }
});
