import type { Clock } from "../async/clock.ts";
import type { Outcome, Requests } from "../protocol/requests.ts";
import type { SignIns } from "../protocol/sign_ins.ts";
import { passesByItself, wantsSignIn } from "../protocol/statuses.ts";
import { notDeleted, refusal, UploadError } from "../protocol/upload_error.ts";
import { retryDelayMs, waitToRetry } from "./retry.ts";

const TRIES = 20;

/**
 * Has the server delete what it holds of an upload, and tries again while the server cannot be reached. A file that was
 * finished meanwhile is deleted at `location`; without a `location` it stays. Rejects with an `UploadError`, whose code
 * is `no-progress` or `signed-out` if a later try may succeed.
 */
export async function cancelOnServer(
  requests: Requests,
  { location, clock, random, signIns, isMeant = () => Promise.resolve(true) }: {
    location: string | undefined;
    clock: Clock;
    random: () => number;
    signIns: SignIns;
    /** Says before each try whether the cancel still counts: the upload may have been begun again meanwhile. */
    isMeant?: () => Promise<boolean>;
  },
): Promise<void> {
  const never = new AbortController().signal;
  let status: Outcome;
  for (let failures = 0; failures < TRIES; failures++) {
    if (failures > 0) await waitToRetry(clock, retryDelayMs(failures, random()));
    if (!await isMeant()) return;
    const signInsBefore = signIns.count;
    status = await requests.cancel(never);
    if (status !== undefined && wantsSignIn(status)) {
      await signIns.ask(signInsBefore, refusal(status, ""));
      continue;
    }
    if (status === 409 && location !== undefined) status = await requests.remove(location, never);
    if (isGone(status)) return;
    if (status !== undefined && !passesByItself(status)) throw refusal(status, "");
  }
  throw new UploadError(
    "no-progress",
    "The server cannot be reached, and keeps the upload for some days. Try again",
    status === undefined ? {} : { status },
  );
}

/** Deletes the finished file at `location`. Rejects with an `UploadError` when the server does not do it. */
export async function deleteOnServer(requests: Requests, location: string, signIns: SignIns): Promise<void> {
  const never = new AbortController().signal;
  const status = await signIns.around(() => requests.remove(location, never), (status) => status);
  if (status === undefined) throw notDeleted();
  if (status >= 300 && status !== 404 && status !== 410) throw refusal(status, "");
}

/** True for an error of {@linkcode cancelOnServer} that a later try may not meet. */
export function mayCancelLater(error: unknown): boolean {
  return error instanceof UploadError && (error.code === "no-progress" || error.code === "signed-out");
}

/**
 * True when the server has nothing unfinished of the upload: it was deleted, was never there, or is a finished file.
 */
function isGone(status: Outcome): boolean {
  return status !== undefined && (status < 300 || status === 404 || status === 409 || status === 410);
}
