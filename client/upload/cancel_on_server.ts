import type { Clock } from "../async/clock.ts";
import type { Outcome, Requests } from "../protocol/requests.ts";
import { passesByItself } from "../protocol/statuses.ts";
import { refusal, UploadError } from "../protocol/upload_error.ts";
import { retryDelayMs, waitToRetry } from "./retry.ts";

const TRIES = 20;

/**
 * Has the server delete what it holds of an upload, and tries again while the server cannot be reached. A file that was
 * finished meanwhile is deleted at `location`; without one it stays. Rejects with an `UploadError`.
 */
export async function cancelOnServer(
  requests: Requests,
  { location, clock, random, isMeant = () => Promise.resolve(true) }: {
    location: string | undefined;
    clock: Clock;
    random: () => number;
    /** Asked before each try: it may have been begun again meanwhile. */
    isMeant?: () => Promise<boolean>;
  },
): Promise<void> {
  const never = new AbortController().signal;
  let status: Outcome;
  for (let failures = 0; failures < TRIES; failures++) {
    if (failures > 0) await waitToRetry(clock, retryDelayMs(failures, random()));
    if (!await isMeant()) return;
    status = await requests.cancel(never);
    if (status === 409 && location !== undefined) status = await requests.remove(location, never);
    if (isGone(status)) return;
    if (status !== undefined && !passesByItself(status)) throw refusal(status, "");
  }
  throw new UploadError(
    "no-progress",
    "The server could not be told that the upload is cancelled: it deletes what it has of it after some days",
    status === undefined ? {} : { status },
  );
}

/** Nothing unfinished is there: it is deleted, or was not there, or is finished and was so before. */
function isGone(status: Outcome): boolean {
  return status !== undefined && (status < 300 || status === 404 || status === 409 || status === 410);
}
