import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { defined } from "../defined.ts";
import type { Log } from "../log.ts";
import { type Notices, openNotices } from "./notices.ts";

/** Tells the service manager that started this process, if one did, how it goes. No call ever rejects. */
export interface Supervisor {
  /**
   * Tells that the server takes requests, and from then on, as often as the manager wants it, that it still does: each
   * time only after `isAlive` gave true. It has to answer within the given milliseconds.
   */
  ready(isAlive: (patienceMs: number) => Promise<boolean>): Promise<void>;
  /** Tells that options are read again, does `work`, and tells that it is done. */
  reloading(work: () => Promise<void>): Promise<void>;
  /** Tells that the server ends. Nothing is told any more that it still answers. */
  stopping(): Promise<void>;
}

/** The dependencies of {@linkcode createSupervisor}. */
export interface SupervisorDeps {
  /** Reads a variable of the environment. */
  readonly env: (name: string) => string | undefined;
  readonly pid: number;
  readonly log: Log;
  readonly open?: typeof openNotices;
}

/** How many times the server looks at itself in the time in which the manager wants to hear of it. */
const LOOKS = 3;

/** How long the manager may take to receive a message, in milliseconds. */
const SEND_MS = 1000;

/** Makes the way to the service manager, by the variables that systemd sets. Without them nothing is told to anybody. */
export function createSupervisor({ env, pid, log, open = openNotices }: SupervisorDeps): Supervisor {
  const socket = env("NOTIFY_SOCKET");
  const ending = new AbortController();
  const notices = socket === undefined || socket === "" ? undefined : openOrTell(socket);
  const everyMs = watchdogMs(env, pid);
  let isReady = false;

  function openOrTell(socket: string): Notices | undefined {
    const [folder] = (env("RUNTIME_DIRECTORY") ?? "").split(":");
    const own = folder === undefined || folder === "" ? undefined : join(folder, "notify");
    try {
      return open({ socket, ...defined({ own }) });
    } catch (error) {
      log.error("Cannot reach the service manager at {socket}: {error}", { socket, error });
    }
  }

  async function tell(...assignments: readonly string[]): Promise<void> {
    // A manager that reads nothing more must not hold up the end.
    const over = new AbortController();
    const late = delay(SEND_MS, { signal: over.signal }).then(() => Promise.reject(new Error("it reads nothing")));
    late.catch(() => {});
    try {
      await Promise.race([notices?.send(...assignments), late]);
    } catch (error) {
      log.warning("Cannot tell the service manager {what}: {error}", { what: assignments[0], error });
    } finally {
      over.abort();
    }
  }

  async function watch(isAlive: (patienceMs: number) => Promise<boolean>, everyMs: number): Promise<void> {
    while (true) {
      await delay(everyMs, { signal: ending.signal }).catch(() => {});
      if (ending.signal.aborted) return;
      const isOk = await isAlive(everyMs / 2).catch(() => false);
      if (ending.signal.aborted) return;
      if (isOk) await tell("WATCHDOG=1");
      else log.error("The server did not answer its own request, and the watchdog is not told that all is well");
    }
  }

  return {
    async ready(isAlive) {
      if (notices === undefined || ending.signal.aborted) return;
      isReady = true;
      await tell("READY=1", "STATUS=Takes uploads");
      if (everyMs !== undefined) watch(isAlive, everyMs);
    },
    async reloading(work) {
      // A server that begins, or ends, must not count as ready because its options were read.
      if (!isReady || ending.signal.aborted) return await work();
      await tell("RELOADING=1", "STATUS=Reads its options again");
      await work();
      if (!ending.signal.aborted) await tell("READY=1", "STATUS=Takes uploads");
    },
    async stopping() {
      if (ending.signal.aborted) return;
      ending.abort();
      await tell("STOPPING=1", "STATUS=Ends");
      notices?.[Symbol.dispose]();
    },
  };
}

/** The time between two looks, in milliseconds; `undefined` when the manager wants none of this process. */
export function watchdogMs(env: SupervisorDeps["env"], pid: number): number | undefined {
  const [micros = "", wanted] = [env("WATCHDOG_USEC"), env("WATCHDOG_PID")];
  if (wanted !== undefined && wanted !== String(pid)) return undefined;
  return /^[1-9]\d{0,15}$/.test(micros) ? Number(micros) / 1000 / LOOKS : undefined;
}
