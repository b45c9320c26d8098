import { delay } from "@std/async/delay";
import { isBroken } from "./no_database.ts";
import type { Pool, PoolOptions } from "./pool.ts";
import { untilSent } from "./until_sent.ts";

/** Listens to channels of a database by a connection of its own, and to all of them again when that one was lost. */
export interface Listener {
  /** Calls `heard` with each message on a channel, and `listening` each time when it listens to it again. */
  add(channel: Channel): void;
  /** Takes a new connection, because the one that there is may be mute. */
  renew(): void;
  /** Listens no more. */
  end(): Promise<void>;
}

export interface Channel {
  readonly name: string;
  readonly heard: (message: string) => void;
  readonly listening: () => void;
}

export interface ListenerDeps {
  readonly open: (options: PoolOptions) => Pool;
  /** Ends a pool that is of no use any more. */
  readonly abandon: (pool: Pool) => void;
  /** How long it may take until it listens. */
  readonly deadlineMs: number;
}

/** The pause behind the first failure. It grows with each of the next ones. */
const PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/** Makes a listener. Nothing is opened before the first channel is added. */
export function createListener({ open, abandon, deadlineMs }: ListenerDeps): Listener {
  const channels: Channel[] = [];
  const ended = new AbortController();
  let current: Pool | undefined;
  /** The pools that have listened: their connection was good. */
  const good = new WeakSet<Pool>();

  // The library's own `listen` gives up for good when its connection is lost in the middle of listening again.
  function openOne(): Pool {
    const own: Pool = open({
      max: 1,
      statementMs: deadlineMs,
      onclose: () => void (good.has(own) && renewLater(own)),
      onnotify: (name, message) => {
        for (const each of channels) if (each.name === name) each.heard(message);
      },
    });
    return own;
  }

  function isCurrent(own: Pool): boolean {
    return own === current && !ended.signal.aborted;
  }

  function renew(lost: Pool): void {
    if (!isCurrent(lost)) return;
    const own = current = openOne();
    abandon(lost);
    for (const each of channels) keepListening(each, own);
  }

  async function renewLater(lost: Pool): Promise<void> {
    await pause(1);
    renew(lost);
  }

  async function pause(attempt: number): Promise<void> {
    await delay(Math.min(attempt * PAUSE_MS, LONGEST_PAUSE_MS), { signal: ended.signal }).catch(() => {});
  }

  async function keepListening({ name, listening }: Channel, own: Pool): Promise<void> {
    for (let attempt = 1; isCurrent(own); attempt++) {
      const late = setTimeout(() => renew(own), deadlineMs);
      try {
        await untilSent((pool) => pool.query(`LISTEN "${name.replaceAll('"', '""')}"`, []), {
          poolNow: () => isCurrent(own) ? own : undefined,
          untilMs: Infinity,
        });
        good.add(own);
        if (isCurrent(own)) listening();
        return;
      } catch (error) {
        if (isBroken(error)) return await renewLater(own);
        await pause(attempt);
      } finally {
        clearTimeout(late);
      }
    }
  }

  return {
    add(channel) {
      channels.push(channel);
      keepListening(channel, current ??= openOne());
    },
    renew() {
      if (current !== undefined) renew(current);
    },
    async end() {
      ended.abort();
      await current?.end();
    },
  };
}
