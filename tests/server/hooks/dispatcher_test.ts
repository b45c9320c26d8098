import { assertEquals } from "@std/assert";
import { Dispatcher } from "../../../server/hooks/dispatcher.ts";
import type { Hook, Outcome } from "../../../server/hooks/hook.ts";
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

function dispatch(store: EventStore, hook: Hook, now: () => number): Dispatcher {
  return new Dispatcher({ store, hooks: [hook], current: (event) => Promise.resolve(event), log: memoryLog(), now });
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
