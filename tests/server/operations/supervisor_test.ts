import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { openNotices } from "../../../server/operations/notices.ts";
import { createSupervisor, watchdogMs } from "../../../server/operations/supervisor.ts";
import { memoryLog } from "../../support/log.ts";
import { needsAll } from "../../support/needs_all.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** A manager that listens at a path, as systemd does. */
function listenAt(path: string) {
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  return {
    async next(): Promise<string> {
      return new TextDecoder().decode((await socket.receive())[0]);
    },
    [Symbol.dispose]: () => socket.close(),
  };
}

/** Makes a supervisor whose messages are counted by their first words. */
function supervised(variables: Record<string, string>) {
  const told: string[] = [];
  const log = memoryLog();
  let onTold = (_: string) => {};
  const supervisor = createSupervisor({
    env: (name) => variables[name],
    pid: 7,
    log,
    open: () => ({
      send(...[first = ""]) {
        told.push(first);
        onTold(first);
        return Promise.resolve();
      },
      [Symbol.dispose]: () => void told.push("closed"),
    }),
  });
  return { supervisor, told, log, on: (listener: (first: string) => void) => onTold = listener };
}

Deno.test(
  "messages reach a manager at a path and one whose name is in no folder, and leave no file",
  needsAll,
  async () => {
    await using dir = await tempDir();
    const own = join(dir.path, "own");
    const name = `pawl-test-${crypto.randomUUID()}`;
    for (const [socket, bound] of [[join(dir.path, "manager"), join(dir.path, "manager")], [`@${name}`, `\0${name}`]]) {
      using manager = listenAt(bound!);
      for (const place of [{}, { own }]) {
        using notices = openNotices({ socket: socket!, ...place });
        await notices.send("READY=1", "STATUS=Takes uploads");
        assertEquals(await manager.next(), "READY=1\nSTATUS=Takes uploads");
      }
    }
    assertEquals((await Array.fromAsync(Deno.readDir(dir.path))).map(({ name }) => name), ["manager"]);
  },
);

Deno.test("the socket that a killed process left at its path is no obstacle", needsAll, async () => {
  await using dir = await tempDir();
  const [own, socket] = [join(dir.path, "own"), join(dir.path, "manager")];
  using manager = listenAt(socket);
  Deno.listenDatagram({ transport: "unixpacket", path: own }).close();
  assert((await Deno.lstat(own)).isSocket);
  using notices = openNotices({ socket, own });
  await notices.send("READY=1");
  assertEquals(await manager.next(), "READY=1");
});

Deno.test(
  "a manager's socket must be a path or a name, and one that is gone is an error for the log",
  needsAll,
  async () => {
    for (const socket of ["relative", "vsock:2:1", "@", "/"]) {
      assertThrows(() => openNotices({ socket }), Error, "NOTIFY_SOCKET");
    }
    const log = memoryLog();
    const supervisor = createSupervisor({
      env: (name) => name === "NOTIFY_SOCKET" ? "/nowhere/s" : undefined,
      pid: 1,
      log,
    });
    await supervisor.ready(() => Promise.resolve(true));
    assertStringIncludes(log.lines.join("\n"), "Cannot tell the service manager");
    await supervisor.stopping();
  },
);

Deno.test("the watchdog is told only when the server has answered itself", async () => {
  const { supervisor, told, log, on } = supervised({ NOTIFY_SOCKET: "/s", WATCHDOG_USEC: "30000" });
  const answers = [true, false, new Error("hangs"), true];
  const { promise: twice, resolve } = Promise.withResolvers<void>();
  on((first) => first === "WATCHDOG=1" && told.filter((text) => text === first).length === 2 ? resolve() : undefined);
  await supervisor.ready(async (patienceMs) => {
    assertEquals(patienceMs, 5);
    const answer = answers.shift() ?? true;
    if (answer instanceof Error) throw answer;
    return await Promise.resolve(answer);
  });
  await twice;
  await supervisor.stopping();
  assertEquals(told.slice(0, 3), ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
  assertEquals(told.slice(-2), ["STOPPING=1", "closed"]);
  assertEquals(log.lines.filter((line) => line.includes("did not answer its own request")).length, 2);
});

Deno.test("options that are read again are told before and after, and an end ends the watchdog", async () => {
  const { supervisor, told } = supervised({ NOTIFY_SOCKET: "/s" });
  await supervisor.reloading(() => Promise.resolve(void told.push("(reads early)")));
  await supervisor.ready(() => Promise.reject(new Error("nobody asks")));
  await supervisor.reloading(() => Promise.resolve(void told.push("(reads)")));
  await supervisor.reloading(() => supervisor.stopping());
  await supervisor.stopping();
  await supervisor.ready(() => Promise.resolve(true));
  await supervisor.reloading(() => Promise.resolve(void told.push("(reads late)")));
  assertEquals(told, [
    "(reads early)",
    "READY=1",
    "RELOADING=1",
    "(reads)",
    "READY=1",
    "RELOADING=1",
    "STOPPING=1",
    "closed",
    "(reads late)",
  ]);
});

Deno.test("without a manager nothing is told, and a watchdog of another process is not this one's", async () => {
  const { supervisor, told } = supervised({ WATCHDOG_USEC: "1000" });
  await supervisor.ready(() => Promise.resolve(true));
  await supervisor.reloading(() => Promise.resolve());
  await supervisor.stopping();
  assertEquals(told, []);
  const of = (variables: Record<string, string>) => watchdogMs((name) => variables[name], 7);
  assertEquals(of({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "7" }), 20_000);
  assertEquals(of({ WATCHDOG_USEC: "60000000" }), 20_000);
  assertEquals(of({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "8" }), undefined);
  for (const micros of ["", "0", "-1", "1e9", "x"]) assertEquals(of({ WATCHDOG_USEC: micros }), undefined);
});
