import { setTimeout as wait } from "node:timers/promises";
import { sha256OfStream, type Source } from "../support/sources.ts";
import type { Account } from "./account.ts";

/** A finished file, as its sender knows it. */
export interface KeptFile {
  readonly source: Source;
  readonly location: string;
  readonly about: string;
}

/** What is needed to ask for finished files. */
export interface Asking {
  readonly port: number;
  readonly account: Account;
  readonly stop: AbortSignal;
  readonly kept: KeptFile[];
  readonly deleting: KeptFile[];
}

/** Downloads a finished file and compares it; tries again while the server is away. False if the time is over. */
export async function compare(asking: Asking, { source, location, about }: KeptFile): Promise<boolean> {
  const { account } = asking;
  return await untilAnswered(asking, async (url, signal) => {
    const response = await fetch(url, { signal });
    if (response.status === 503) return await response.body?.cancel(), false;
    if (response.status !== 200 || response.body === null) {
      account.fault(`${about} is answered with ${response.status}: ${await response.text()}`);
      return true;
    }
    const { sha256, size } = await sha256OfStream(response.body);
    account.comparedFiles++;
    account.comparedBytes += size;
    if (size !== source.size || sha256 !== source.sha256) account.fault(`${about} has other bytes than were sent`);
    return true;
  }, location);
}

/** Compares a finished file, and deletes it on the server; if the time is over before, the end does the rest. */
export async function compareAndDelete(asking: Asking, file: KeptFile): Promise<void> {
  if (!await compare(asking, file)) asking.kept.push(file);
  else if (!await remove(asking, file)) asking.deleting.push(file);
}

/** Deletes a finished file on the server. False if the time is over before the answer. */
export async function remove(asking: Asking, file: KeptFile, { wasAsked = false } = {}): Promise<boolean> {
  let isRepeated = wasAsked;
  return await untilAnswered(asking, async (url, signal) => {
    const wasRepeated = isRepeated;
    isRepeated = true;
    const { status, body } = await fetch(url, { method: "DELETE", signal });
    await body?.cancel();
    if (status === 503) return false;
    // The answer to the first try may have been lost.
    const isRight = status === 204 || wasRepeated && (status === 404 || status === 410);
    if (!isRight) asking.account.fault(`${file.about} cannot be deleted: ${status}`);
    return true;
  }, file.location);
}

/** Tries until there is an answer. False if the time is over before. */
async function untilAnswered(
  { port, stop }: Asking,
  attempt: (url: string, signal: AbortSignal) => Promise<boolean>,
  location: string,
): Promise<boolean> {
  while (!stop.aborted) {
    if (await attempt(`http://127.0.0.1:${port}${location}`, stop).catch(() => false)) return true;
    await wait(300, undefined, { signal: stop }).catch(() => {});
  }
  return false;
}
