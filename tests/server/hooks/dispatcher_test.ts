import { assertEquals } from "@std/assert";
import { Dispatcher } from "../../../server/hooks/dispatcher.ts";
import type { AttemptEnd, Hook, Outcome } from "../../../server/hooks/hook.ts";
import type { EventType } from "../../../server/config/hook_values.ts";
import type { EventStore, WaitingEvent } from "../../../server/storage/event_store.ts";
import { openDatabase } from "../../../server/storage/kv/database.ts";
import { createEvents } from "../../../server/storage/kv/events.ts";
import { memoryLog } from "../../support/log.ts";
import { until } from "../../support/until.ts";

const HOOK = "hook";

function event(upload: string, type: EventType, id: string): WaitingEvent {
  return { id, type, at: 0, upload: { id: upload, owner: "anna", createdAt: 0 } };
}

/** A hook that answers as `answer` says. */
function hookOf(answer: (event: WaitingEvent) => Promise<Outcome> | Outcome): Hook {
  return { name: HOOK, wants: () => true, deliver: (event) => Promise.resolve(answer(event)) };
}

function dispatch(
  store: EventStore,
  hook: Hook,
  now: () => number,
  attempted: (end: AttemptEnd) => void = () => {},
): Dispatcher {
  const current = (event: WaitingEvent) => Promise.resolve(event);
  return new Dispatcher({ store, hooks: [hook], current, log: memoryLog(), now, attempted });
}

/** A queue in memory, and a way to put a delivery into it. */
async function testQueue() {
  const database = await openDatabase(":memory:");
  const store = createEvents(database);
  return {
    store,
    /** Writes events that were not dealt yet. */
    write: (events: readonly WaitingEvent[]) =>
      Promise.all(events.map((event) => database.commit({ set: [[["event", event.id], event]] }))),
    async put(event: WaitingEvent, dueAt: number): Promise<void> {
      await database.commit({ set: [[["event", event.id], event]] });
      await store.deal(event, [HOOK]);
      const delivery = { hook: HOOK, event, attempts: 0, dueAt: event.at };
      await store.change(delivery, { ...delivery, dueAt });
    },
    [Symbol.dispose]: () => database.kv.close(),
  };
}

Deno.test("later events that are due before the earlier ones of their uploads do not hold these up", async () => {
  using queue = await testQueue();
  for (let at = 0; at < 60; at++) {
    // The first one was tried, and is due again behind all that wait for one.
    await queue.put(event(`u${at}`, "upload.created", `a${at}`), 5000);
    await queue.put(event(`u${at}`, "upload.completed", `b${at}`), 0);
  }
  const heard: string[] = [];
  await using _dispatcher = dispatch(queue.store, hookOf(({ id }) => hears(heard, id)), () => 10_000);
  await until(() => heard.length === 120, "all are heard of");
  for (let at = 0; at < 60; at++) assertEquals(heard.indexOf(`a${at}`) < heard.indexOf(`b${at}`), true);
});

Deno.test("the events of an upload come in order though the clock was set back before a restart", async () => {
  using queue = await testQueue();
  await queue.put(event("u", "upload.created", "id2"), 0);
  await queue.put(event("u", "upload.completed", "id1"), 0);
  await queue.put(event("u", "upload.terminated", "id0"), 0);
  const heard: string[] = [];
  await using _dispatcher = dispatch(queue.store, hookOf(({ type }) => hears(heard, type)), () => 1);
  await until(() => heard.length === 3, "all are heard of");
  assertEquals(heard, ["upload.created", "upload.completed", "upload.terminated"]);
});

Deno.test("an event that waited for a failing one goes on with it, however late it was put off", async () => {
  using queue = await testQueue();
  const first = event("u", "upload.created", "a");
  await queue.put(first, 0);
  await queue.put(event("u", "upload.completed", "b"), 0);
  let isUp = false;
  const heard: string[] = [];
  const hook = hookOf(({ id }) =>
    isUp ? hears(heard, id) : { kind: "failed", problem: "it is off", retryAfterMs: 1e7 }
  );
  await using dispatcher = dispatch(queue.store, hook, () => 1000);
  await until(async () => (await Array.fromAsync(queue.store.all())).every(({ dueAt }) => dueAt > 1e7), "both wait");
  isUp = true;
  const delivery = (await queue.store.first(HOOK, "u"))!;
  assertEquals(await queue.store.change(delivery, { ...delivery, dueAt: 0 }), true);
  dispatcher.wake();
  await until(() => heard.length === 2, "both are heard of");
  assertEquals(heard, ["a", "b"]);
});

Deno.test("each attempt to deliver is counted by how it ended", async () => {
  const week = 7 * 24 * 3_600_000;
  const failed: Outcome = { kind: "failed", problem: "Answered 500" };
  const rows: [outcomes: Outcome[], ends: AttemptEnd[]][] = [
    [[{ kind: "delivered" }], ["delivered"]],
    [[failed, { kind: "delivered" }], ["failed", "delivered"]],
    [[{ kind: "gone" }], ["disabled"]],
    // An event of more than three days ago is tried nine times.
    [Array(9).fill(failed), [...Array(8).fill("failed"), "given-up"]],
  ];
  for (const [outcomes, ends] of rows) {
    using queue = await testQueue();
    await queue.put(event("u", "upload.created", "id"), 0);
    let now = week;
    const counted: string[] = [];
    await using dispatcher = dispatch(queue.store, hookOf(() => outcomes[counted.length]!), () => now, (end) => {
      counted.push(end);
      now += week;
    });
    await until(() => (dispatcher.wake(), counted.length >= ends.length), "all attempts are made");
    assertEquals(counted, ends);
  }
});

Deno.test("the first of very many new events are delivered before the last ones are dealt", async () => {
  using queue = await testQueue();
  await queue.write(Array.from({ length: 1000 }, (_, at) => event(`u${at}`, "upload.created", `id${1000 + at}`)));
  const undealt = Promise.withResolvers<number>();
  await using _dispatcher = dispatch(
    queue.store,
    hookOf(async () => {
      undealt.resolve((await queue.store.undealt(1000)).length);
      return { kind: "delivered" };
    }),
    () => 1,
  );
  assertEquals(await undealt.promise > 0, true);
});

function hears(heard: string[], what: string): Outcome {
  heard.push(what);
  return { kind: "delivered" };
}
