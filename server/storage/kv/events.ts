import { EVENT_TYPES } from "../../config/hook_values.ts";
import { eventsOf } from "../../model/event.ts";
import type { Upload } from "../../model/upload.ts";
import type { Delivery, EventStore, WaitingEvent } from "../event_store.ts";
import type { Database } from "./database.ts";
import type { Change } from "./group_commit.ts";

/** Writes the events of a change into its commit. */
export interface Outbox {
  /** The entries that tell of a change. Absent `before` or `after`: there was, or will be, no record. */
  entriesOf(before: Upload | undefined, after: Upload | undefined): NonNullable<Change["set"]>;
  /** Tells that such entries are on disk. */
  wake(): void;
}

/** The outbox of a server without hooks. */
export const NO_OUTBOX: Outbox = { entriesOf: () => [], wake() {} };

/** Makes the outbox. `wake` is called when there are new events. */
export function createOutbox({ now, wake }: { now: () => number; wake: () => void }): Outbox {
  let last = "";
  /** Ids sort as their events came, also when the clock is set back while the process runs. */
  function nextId(at: number): string {
    const [time = "", count = ""] = last.split("-");
    const own = at.toString(36).padStart(9, "0");
    const isLater = own > time;
    last = `${isLater ? own : time}-${(isLater ? 0 : parseInt(count, 36) + 1).toString(36).padStart(5, "0")}`;
    return last;
  }
  return {
    entriesOf(before, after) {
      return eventsOf(before, after).map((event) => {
        const at = now();
        // Two processes on one folder may use one time: the upload's id makes the event's id the only one.
        const waiting: WaitingEvent = { ...event, id: `${nextId(at)}-${event.upload.id}`, at };
        return [["event", waiting.id], waiting] as const;
      });
    },
    wake,
  };
}

/** The place of an event in an upload's life: its begin, its file, its end. */
function stepOf({ event }: Delivery): number {
  return EVENT_TYPES.indexOf(event.type);
}

/**
 * Makes the queue of events in the database of the records. The table lists all its keys and values:
 *
 * | key                                    | value                                              |
 * | -------------------------------------- | -------------------------------------------------- |
 * | `["event", id]`                        | an event that was not dealt to the hooks yet       |
 * | `["delivery", hook, upload, event]`    | a delivery                                         |
 * | `["delivery-due", hook, dueAt, event]` | the upload of a delivery that is due then          |
 * | `["hook-disabled", hook]`              | when a hook said that it wants no events any more  |
 */
export function createEvents({ kv, commit }: Database): EventStore {
  const keyOf = ({ hook, event }: Delivery): Deno.KvKey => ["delivery", hook, event.upload.id, event.id];
  const dueKeyOf = ({ hook, event, dueAt }: Delivery): Deno.KvKey => ["delivery-due", hook, dueAt, event.id];
  const entriesOf = (delivery: Delivery) =>
    [[keyOf(delivery), delivery], [dueKeyOf(delivery), delivery.event.upload.id]] as const;

  async function read<T>(list: AsyncIterable<Deno.KvEntry<T>>): Promise<Deno.KvEntry<T>[]> {
    return await Array.fromAsync(list);
  }

  return {
    async undealt(limit) {
      return (await read(kv.list<WaitingEvent>({ prefix: ["event"] }, { limit }))).map(({ value }) => value);
    },

    async *allUndealt() {
      for await (const { value } of kv.list<WaitingEvent>({ prefix: ["event"] })) yield value;
    },

    async deal(event, hooks) {
      const waiting = await kv.get<WaitingEvent>(["event", event.id]);
      // Another process on this folder has dealt it.
      if (waiting.value === null) return;
      const set = hooks.flatMap((hook) => entriesOf({ hook, event, attempts: 0, dueAt: event.at }));
      await commit({ checks: [waiting], set, remove: [waiting.key] });
    },

    async due(hook, now, limit) {
      const range = { prefix: ["delivery-due", hook], end: ["delivery-due", hook, now + 1] };
      const found: Delivery[] = [];
      for (const { key, value: upload } of await read(kv.list<string>(range, { limit }))) {
        const { value } = await kv.get<Delivery>(["delivery", hook, upload, key[3]!]);
        if (value !== null) found.push(value);
      }
      return found;
    },

    async first(hook, uploadId) {
      // Ids do not tell the order when the clock was set back before a restart. An upload has few events.
      const found = await read(kv.list<Delivery>({ prefix: ["delivery", hook, uploadId] }));
      return found.map(({ value }) => value).sort((one, other) => stepOf(one) - stepOf(other))[0];
    },

    async change(delivery, after) {
      const entry = await kv.get<Delivery>(keyOf(delivery));
      if (entry.value === null) return false;
      const remove = [dueKeyOf(entry.value), ...after === undefined ? [entry.key] : []];
      return await commit({ checks: [entry], remove, set: after === undefined ? [] : entriesOf(after) });
    },

    async *all(hook) {
      const prefix = ["delivery", ...hook === undefined ? [] : [hook]];
      for await (const { value } of kv.list<Delivery>({ prefix })) yield value;
    },

    async disabledAt(hook) {
      return (await kv.get<number>(["hook-disabled", hook])).value ?? undefined;
    },

    async setDisabled(hook, at) {
      const key: Deno.KvKey = ["hook-disabled", hook];
      await commit(at === undefined ? { remove: [key] } : { set: [[key, at]] });
    },
  };
}
