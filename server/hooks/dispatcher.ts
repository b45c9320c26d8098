import type { Log } from "../log.ts";
import type { Delivery, EventStore, WaitingEvent } from "../storage/event_store.ts";
import type { AttemptEnd, Hook } from "./hook.ts";
import { makeNextDue } from "./make_next_due.ts";
import { nextAttemptAt } from "./retries.ts";

/** The dependencies of the dispatcher. */
export interface DispatcherDeps {
  readonly store: EventStore;
  readonly hooks: readonly Hook[];
  /** Gives an event the facts that are true now; `undefined` when it is too early to tell of it. */
  readonly current: (event: WaitingEvent) => Promise<WaitingEvent | undefined>;
  readonly log: Log;
  /** Counts an attempt to deliver. It must return at once and never throw. By default nobody counts them. */
  readonly attempted?: (end: AttemptEnd) => void;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** Gives numbers from 0 to 1. */
  readonly random?: () => number;
}

/** How often the queue is looked at when nothing wakes the dispatcher: another process may write to it. */
const LOOK_EVERY_MS = 1000;

/** How many new events are dealt at once. They share commits, so they cost little more than one. */
const DEALT_AT_ONCE = 80;

/** How many deliveries of one hook run at a time. */
const RUNNING_PER_HOOK = 4;

/**
 * How many deliveries of one hook are read to start some. An upload has three at most, so there are others among them
 * than those that tell of uploads whose deliveries run.
 */
const READ_PER_HOOK = 4 * RUNNING_PER_HOOK;

/** How long an event waits that it is too early to tell of. */
const TOO_EARLY_MS = 500;

/**
 * Delivers events to the hooks: each at least once, and those of one upload in their order. It ends with its disposal;
 * what runs then is delivered again after the next start.
 */
export class Dispatcher implements AsyncDisposable {
  readonly #deps: Required<DispatcherDeps>;
  readonly #ending = new AbortController();
  /** The uploads of which a hook hears at the moment, by hook. */
  readonly #running = new Map<string, Map<string, Promise<void>>>();
  #isWoken = false;
  #sleep: (() => void) | undefined;
  readonly #done: Promise<void>;

  constructor(deps: DispatcherDeps) {
    this.#deps = { random: Math.random, attempted: () => {}, ...deps };
    for (const { name } of deps.hooks) this.#running.set(name, new Map());
    this.#done = this.#run();
  }

  /** Says that there may be something new to deliver. */
  wake(): void {
    this.#isWoken = true;
    this.#sleep?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    this.wake();
    await this.#done;
    await Promise.all([...this.#running.values()].flatMap((running) => [...running.values()]));
  }

  async #run(): Promise<void> {
    const { log, hooks } = this.#deps;
    while (!this.#ending.signal.aborted) {
      this.#isWoken = false;
      try {
        if (await this.#deal()) this.#isWoken = true;
        for (const hook of hooks) await this.#startDue(hook);
      } catch (error) {
        if (!this.#ending.signal.aborted) log.error("Cannot read or write the queue of events: {error}", { error });
        await this.#wait(LOOK_EVERY_MS);
      }
      if (!this.#isWoken) await this.#wait(LOOK_EVERY_MS);
    }
  }

  async #wait(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#sleep = resolve;
      timer = setTimeout(resolve, ms);
      if (this.#ending.signal.aborted) resolve();
    });
    clearTimeout(timer);
    this.#sleep = undefined;
  }

  /** Deals the oldest new events to the hooks that want them. True when there may be more. */
  async #deal(): Promise<boolean> {
    const { store, hooks } = this.#deps;
    const events = await store.undealt(DEALT_AT_ONCE);
    if (events.length === 0) return false;
    const disabled = new Set<string>();
    for (const { name } of hooks) if (await store.disabledAt(name) !== undefined) disabled.add(name);
    await Promise.all(events.map((event) => {
      const hearing = hooks.filter((hook) => hook.wants(event.type) && !disabled.has(hook.name));
      return store.deal(event, hearing.map(({ name }) => name));
    }));
    return events.length === DEALT_AT_ONCE;
  }

  /** Starts the deliveries of a hook that are due, as far as there is room: of each upload the first one. */
  async #startDue(hook: Hook): Promise<void> {
    const { store, log, now } = this.#deps;
    const running = this.#running.get(hook.name)!;
    if (running.size >= RUNNING_PER_HOOK || await store.disabledAt(hook.name) !== undefined) return;
    for (const delivery of await store.due(hook.name, now(), READ_PER_HOOK)) {
      const { upload } = delivery.event;
      if (running.size >= RUNNING_PER_HOOK || this.#ending.signal.aborted) return;
      if (running.has(upload.id)) continue;
      // It is read anew: what was due may have been delivered, dropped or put off since the list was read.
      const first = await store.first(hook.name, upload.id);
      if (first === undefined) continue;
      if (first.dueAt > now()) {
        // It waits for the first one, without being looked at again and again.
        if (first.event.id !== delivery.event.id) await store.change(delivery, { ...delivery, dueAt: first.dueAt });
        continue;
      }
      const work = this.#deliver(hook, first).then(() => {
        running.delete(upload.id);
        this.wake();
      }, (error) => {
        // It stays due. Only the next look tries it again, for what failed would fail again at once.
        running.delete(upload.id);
        log.error("Cannot deliver an event to {hook}: {error}", { hook: hook.name, error });
      });
      running.set(upload.id, work);
    }
  }

  async #deliver(hook: Hook, delivery: Delivery): Promise<void> {
    const { store, current, log, now, attempted } = this.#deps;
    const { name } = hook;
    const event = await current(delivery.event);
    if (event === undefined) return void await store.change(delivery, { ...delivery, dueAt: now() + TOO_EARLY_MS });
    const outcome = await hook.deliver(event, this.#ending.signal);
    if (this.#ending.signal.aborted && outcome.kind !== "delivered") return;
    const about = { hook: name, type: event.type, event: event.id };
    switch (outcome.kind) {
      case "delivered":
        attempted("delivered");
        await this.#over(delivery);
        return log.debug("Delivered {type} {event} to {hook}", about);
      case "gone":
        attempted("disabled");
        await store.setDisabled(name, now());
        return log.warning("{hook} answered 410: it gets no events any more, until `webhook retry {hook}`", about);
      case "failed":
        await this.#tryLater(delivery, outcome, about);
    }
  }

  /** Removes a delivery, and lets the next one of its upload go on that was put off with it. */
  async #over(delivery: Delivery): Promise<void> {
    const { store, now } = this.#deps;
    await store.change(delivery);
    if (delivery.attempts > 0) await makeNextDue(store, delivery.hook, delivery.event.upload.id, now());
  }

  async #tryLater(
    delivery: Delivery,
    { problem, retryAfterMs }: { problem: string; retryAfterMs?: number },
    about: Record<string, string>,
  ): Promise<void> {
    const { store, log, now, random, attempted } = this.#deps;
    const attempts = delivery.attempts + 1;
    const failed = {
      attempts,
      since: delivery.event.at,
      now: now(),
      ...retryAfterMs !== undefined && { retryAfterMs },
    };
    const dueAt = nextAttemptAt(failed, random());
    attempted(dueAt === undefined ? "given-up" : "failed");
    if (dueAt === undefined) {
      await this.#over(delivery);
      log.error("Gave up {type} {event} for {hook} after {attempts} attempts: {problem}", {
        ...about,
        attempts,
        problem,
      });
      return;
    }
    await store.change(delivery, { ...delivery, attempts, dueAt, problem });
    const seconds = Math.ceil((dueAt - failed.now) / 1000);
    log.warning("{hook} did not take {type} {event}: {problem}. Next attempt in {seconds} s", {
      ...about,
      problem,
      seconds,
    });
  }
}
