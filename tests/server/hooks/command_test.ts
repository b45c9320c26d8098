import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { createCommandHook } from "../../../server/hooks/command.ts";
import type { WaitingEvent } from "../../../server/storage/event_store.ts";
import { memoryLog } from "../../support/log.ts";
import { needsAll } from "../../support/needs_all.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { until } from "../../support/until.ts";

const STOP = new AbortController().signal;
const EVENT: WaitingEvent = {
  id: "e1",
  type: "upload.completed",
  at: 0,
  upload: { id: "u1", owner: "anna", createdAt: 0, path: "film.mkv", length: 3 },
};

/** A hook whose program is a script of a shell. */
async function hookOf(folder: string, script: string, timeoutMs = 60_000) {
  const program = join(folder, "hook");
  await Deno.writeTextFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const log = memoryLog();
  const types = new Set([EVENT.type]);
  return { log, hook: createCommandHook({ program, types, publicUrl: "", timeoutMs, log }) };
}

Deno.test(
  "the hook's program gets the event as JSON on its standard input, and its output goes to the log",
  needsAll,
  async () => {
    await using dir = await tempDir();
    const { hook, log } = await hookOf(dir.path, `cat > "${dir.path}/heard"; echo "took it"`);
    assertEquals(await hook.deliver(EVENT, STOP), { kind: "delivered" });
    assertEquals(JSON.parse(await Deno.readTextFile(join(dir.path, "heard"))), {
      type: "upload.completed",
      timestamp: "1970-01-01T00:00:00.000Z",
      data: {
        id: "u1",
        owner: "anna",
        path: "film.mkv",
        length: 3,
        url: "/files/u1",
        createdAt: "1970-01-01T00:00:00.000Z",
      },
    });
    assertEquals(log.lines, ["info: The hook's program said of upload.completed e1: took it"]);
  },
);

Deno.test("a program that fails, runs too long or is not there has not heard of the event", needsAll, async () => {
  await using dir = await tempDir();
  const failing = await hookOf(dir.path, "exit 3");
  assertEquals(await failing.hook.deliver(EVENT, STOP), { kind: "failed", problem: "Ended with code 3" });
  const slow = await hookOf(dir.path, "exec sleep 600", 200);
  assertEquals(await slow.hook.deliver(EVENT, STOP), {
    kind: "failed",
    problem: "Still ran after 0.2 s, and was ended",
  });
  await Deno.remove(join(dir.path, "hook"));
  const { problem } = await slow.hook.deliver(EVENT, STOP) as { problem: string };
  assertEquals(problem.startsWith(`Cannot start ${join(dir.path, "hook")}`), true);
});

Deno.test(
  "a program that writes without end costs no memory, and one that reads nothing hears all the same",
  needsAll,
  async () => {
    await using dir = await tempDir();
    const { hook, log } = await hookOf(dir.path, "head -c 3000000 /dev/zero | tr '\\\\0' x");
    assertEquals(await hook.deliver(EVENT, STOP), { kind: "delivered" });
    assertEquals(log.lines[0]!.length < 5000, true);
  },
);

Deno.test("the program ends with the server, and what it has started ends with it", needsAll, async () => {
  await using dir = await tempDir();
  const { hook } = await hookOf(dir.path, `sleep 600 & echo $! > "${dir.path}/pid"; wait`);
  const stop = new AbortController();
  const delivering = hook.deliver(EVENT, stop.signal);
  const read = () => Deno.readTextFile(join(dir.path, "pid")).catch(() => "");
  await until(async () => (await read()).endsWith("\n"), "it has started a program");
  const pid = Number(await read());
  stop.abort();
  assertEquals(await delivering, { kind: "failed", problem: "Ended by SIGKILL" });
  await until(() => hasEnded(pid), "what it has started has ended");
});

/** True for a process that is no longer there, and for one that has ended and for which nobody has asked. */
async function hasEnded(pid: number): Promise<boolean> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => `${pid} (sleep) Z`);
  return stat.split(" ")[2] === "Z";
}

Deno.test("the program gets none of the server's secrets", needsAll, async () => {
  await using dir = await tempDir();
  const { hook, log } = await hookOf(
    dir.path,
    'echo "<${PAWL_WEBHOOK_SECRET-as it was}${PAWL_TOKEN-as it was}${PAWL_DATABASE-as it was}${PAWL_BUCKET-as it was}>"',
  );
  await hook.deliver(EVENT, STOP);
  assertEquals(log.lines[0]?.split(": ")[2], "<>");
});

Deno.test("what the program leaves running does not hold the queue up", needsAll, async () => {
  await using dir = await tempDir();
  const { hook } = await hookOf(dir.path, `sleep 600 & echo $! > "${dir.path}/pid"`);
  assertEquals(await hook.deliver(EVENT, STOP), { kind: "delivered" });
  Deno.kill(Number(await Deno.readTextFile(join(dir.path, "pid"))), "SIGKILL");
});
