import { assert, assertEquals, assertRejects } from "@std/assert";
import { LocalFile } from "../../../client/upload/local_file.ts";
import { UploadError } from "../../../client/mod.ts";
import { LiveFile } from "../support/live_file.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

interface Setup {
  local: LocalFile;
  file: LiveFile;
  clock: VirtualClock;
  /** When it was read, in milliseconds from the beginning. */
  reads: number[];
}

/** A file of which these reads fail, counted from 1, or all. */
function setUp(failing: readonly number[] | "all"): Setup {
  const file = new LiveFile(new Uint8Array(10));
  const clock = new VirtualClock();
  const beganAt = clock.now();
  const reads: number[] = [];
  file.onRead = () => {
    reads.push(clock.now() - beganAt);
    if (failing === "all" || failing.includes(reads.length)) throw new DOMException("No", "NotReadableError");
  };
  return { local: new LocalFile(file, clock), file, clock, reads };
}

Deno.test("look() reads the first and the last byte of a part, and nothing else", async () => {
  const { local, file, clock, reads } = setUp([]);
  for (const [size, count] of [[10, 2], [1, 1], [0, 0]] as const) {
    reads.length = 0;
    await clock.run(local.look(file.slice(0, size)));
    assertEquals(reads.length, count, `${size} bytes`);
  }
});

Deno.test("look() believes a read that fails when it fails again, one second later and two", async () => {
  const { local, file, clock, reads } = setUp("all");
  const error = await assertRejects(() => clock.run(local.look(file)), UploadError, "Choose the file again");
  assertEquals([error.code, reads], ["file-changed", [0, 1000, 2000]]);
});

Deno.test("look() is satisfied with a read that goes well when it is tried again", async () => {
  for (const failing of [[1], [2], [1, 2], [1, 3]]) {
    const { local, file, clock } = setUp(failing);
    await clock.run(local.look(file));
  }
});

Deno.test("look() tries again at once when the page is shown again: a frozen one can read nothing", async () => {
  const { local, file, reads } = setUp([1]);
  const looked = local.look(file);
  while (reads.length < 1) await new Promise((resolve) => setTimeout(resolve, 1));
  dispatchEvent(new Event("pageshow"));
  await looked;
  assertEquals(reads, [0, 0, 0]);
});

Deno.test("look() sees that a file was cut short", async () => {
  const { local, file, clock } = setUp([]);
  file.content = file.content.slice(0, 9);
  await assertRejects(() => clock.run(local.look(file)), UploadError);
  await clock.run(local.look(file.slice(0, 9)));
});

Deno.test("read() tries once more what failed once, and gives what it fails with when the part is there", async () => {
  const { local, file, clock } = setUp([]);
  let tries = 0;
  const work = (failures: number) => (part: Blob) => {
    if (++tries <= failures) return Promise.reject(new RangeError("No store"));
    return Promise.resolve(part.size);
  };
  assertEquals(await clock.run(local.read(file, work(1))), 10);
  tries = 0;
  await assertRejects(() => clock.run(local.read(file, work(2))), RangeError);
  file.content = new Uint8Array();
  tries = 0;
  await assertRejects(() => clock.run(local.read(file, work(2))), UploadError);
  assert(tries === 1, "What is not there is not read again");
});
