import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runWebhookCommand } from "../server/commands/webhooks.ts";
import type { EventType } from "../server/config/hook_values.ts";
import type { EventStore, WaitingEvent } from "../server/storage/event_store.ts";
import { openDatabase } from "../server/storage/kv/database.ts";
import { createEvents } from "../server/storage/kv/events.ts";
import { runHere } from "./support/commands.ts";
import { runPawl, startPawl } from "./support/process.ts";
import { SECRET, startReceiver } from "./support/receiver.ts";
import { tempDir } from "./support/temp_dir.ts";
import { until } from "./support/until.ts";

Deno.test("what a webhook has not heard is listed, tried at once and dropped by the command while the server runs", async () => {
  await using dir = await tempDir();
  let status = 500;
  // The server must not try by itself before the command has said so: its first wait is a few seconds.
  await using receiver = startReceiver(() => new Response(null, { status, headers: { "Retry-After": "3600" } }));
  const args = ["--webhook", receiver.url, "--webhook-allow-private", "--webhook-events", "upload.completed"];
  await using pawl = await startPawl(dir.path, { args, env: { PAWL_WEBHOOK_SECRET: SECRET } });
  const webhook = (...args: string[]) => runHere(["webhook", ...args, "--data", dir.path]);
  const send = async (id: string) => {
    const headers = { "X-File-Id": id, "X-File-Name": id, "X-File-Size": "3" };
    assertEquals(
      await (await fetch(`${pawl.url}/upload`, { method: "POST", headers, body: "abc" })).text(),
      "Success 3",
    );
  };
  assertEquals((await webhook("list")).stdout, "");
  await send("a");
  await until(() => receiver.received.length === 1, "it is tried");
  await until(async () => (await webhook("list")).stdout.includes("1 attempts"), "its failure is written down");
  const { stdout } = await webhook("list");
  assertMatch(
    stdout,
    /^127\.0\.0\.1:\d+-\w{8} {2}\S+ {2}upload\.completed {2}\S+ {2}1 attempts, next \S+Z {2}Answered 500\n$/,
  );
  const [hook = "", event = ""] = stdout.split("  ");

  status = 204;
  assertEquals(
    (await runPawl(["webhook", "retry", hook, "--data", dir.path])).stderr,
    "1 deliveries are tried now, if the server runs\n",
  );
  await until(() => receiver.received.length === 2, "it is tried again");
  assertEquals(receiver.received.map(({ id }) => id), [event, event]);
  await until(async () => (await webhook("list")).stdout === "", "nothing waits");

  status = 410;
  await send("b");
  await until(() => pawl.output().includes("answered 410"), "the log says that it wants nothing more");
  assertEquals((await webhook("drop", hook)).stderr, "Dropped 1 deliveries\n");
  const nothing = await webhook("drop", hook);
  assertEquals([nothing.code, nothing.stderr], [1, `Nothing waits for ${hook}: see webhook list\n`]);
  status = 204;
  await webhook("retry", hook);
  await send("c");
  await until(() => receiver.received.at(-1)!.data["clientId"] === "c", "it gets events again");
});

Deno.test("an event that no server has dealt yet is listed and can be dropped, and so is the first of an upload", async () => {
  await using dir = await tempDir();
  const event = (id: string, type: EventType): WaitingEvent => ({
    id,
    type,
    at: 0,
    upload: { id: "u", owner: "anna", createdAt: 0 },
  });
  const inQueue = async (work: (store: EventStore) => Promise<void>, written: readonly WaitingEvent[] = []) => {
    const database = await openDatabase(join(dir.path, "pawl.db"));
    await database.commit({ set: written.map((event) => [["event", event.id], event]) });
    await work(createEvents(database)).finally(() => database.kv.close());
  };
  const webhook = async (...args: string[]) => {
    const lines: string[] = [];
    const terminal = { print: (line: string) => void lines.push(line), tell: (line: string) => void lines.push(line) };
    await runWebhookCommand([...args, "--data", dir.path], () => undefined, terminal);
    return lines;
  };
  const events = [event("a", "upload.created"), event("b", "upload.completed"), event("c", "upload.terminated")];
  const later = Date.now() + 1e7;
  await inQueue(async (store) => {
    for (const event of events.slice(0, 2)) {
      await store.deal(event, ["hook"]);
      const delivery = { hook: "hook", event, attempts: 0, dueAt: event.at };
      await store.change(delivery, { ...delivery, dueAt: later });
    }
  }, events);
  assertEquals(
    (await webhook("list"))[0],
    "undealt  c  upload.terminated  u  waits for the server, which gives it to the hooks",
  );
  assertEquals(await webhook("drop", "c"), ["Dropped 1 deliveries"]);
  await inQueue(() => Promise.resolve(), [event("d", "upload.created"), event("e", "upload.created")]);
  assertEquals(await webhook("drop", "undealt"), ["Dropped 2 deliveries"]);
  assertEquals(await webhook("drop", "a"), ["Dropped 1 deliveries"]);
  await inQueue(async (store) => {
    const left = await Array.fromAsync(store.all());
    // The second one was put off behind the first.
    assertEquals(left.map(({ event, dueAt }) => [event.id, dueAt <= Date.now()]), [["b", true]]);
  });
  assertEquals((await webhook("list")).length, 1);
});

Deno.test("webhook --help tells of each command, and a wrong one is refused in one line", async () => {
  await using dir = await tempDir();
  const { code, stdout } = await runHere(["webhook", "--help"]);
  assertEquals(code, 0);
  for (const text of ["webhook list", "webhook retry", "webhook drop"]) assertEquals(stdout.includes(text), true, text);
  const wrong = await runPawl(["webhook", "remove", "x", "--data", dir.path]);
  assertEquals([wrong.code, wrong.stderr], [1, 'Cannot do "webhook remove x": see webhook --help\n']);
  const nowhere = await runHere(["webhook", "list", "--data", dir.path]);
  assertEquals([nowhere.code, nowhere.stderr], [1, `There is no Pawl in ${dir.path}: give its folder by --data\n`]);
});
