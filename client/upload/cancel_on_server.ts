import type { Clock } from "../async/clock.ts";
import type { Outcome, Requests } from "../protocol/requests.ts";
import type { SignIns } from "../protocol/sign_ins.ts";
import { passesByItself, wantsSignIn } from "../protocol/statuses.ts";
import { notDeleted, refusal, UploadError } from "../protocol/upload_error.ts";
import { retryDelayMs, waitToRetry } from "./retry.ts";

/** How often the server is told while it cannot be reached. */
export const TRIES = 20;

/** The ways to the server of one upload. */
interface ServerDeps {
  requests: Requests;
  signIns: SignIns;
}

/**
 * Has the server delete what it holds of an upload, and tries again while the server cannot be reached. A file that was
 * finished meanwhile is deleted at `location`; without a `location` it stays. Rejects with an `UploadError`, whose code
 * is `no-progress` or `signed-out` if a later try may succeed.
 */
export async function cancelOnServer(
  { requests, location, clock, random, signIns, isMeant }: ServerDeps & {
    location: string | undefined;
    clock: Clock;
    random: () => number;
    /** Says before each try whether the cancel still counts: the upload may have been begun again meanwhile. */
    isMeant?: () => Promise<boolean>;
  },
): Promise<void> {
  let status: Outcome;
  for (let failures = 0; failures < TRIES; failures++) {
    if (failures > 0) await waitToRetry(clock, retryDelayMs(failures, random()));
    if (await isMeant?.() === false) return;
    const signInsBefore = signIns.count;
    status = await requests.cancel();
    if (status !== undefined && wantsSignIn(status)) {
      await signIns.ask(signInsBefore, refusal(status, ""));
      continue;
    }
    if (status === 409 && location !== undefined) status = await requests.remove(location);
    // At 409 it is a finished file.
    if (status === 409 || isGone(status)) return;
    if (status !== undefined && !passesByItself(status)) throw refusal(status, "");
  }
  throw new UploadError(
    "no-progress",
    "The server cannot be reached, and keeps the upload for days. Try again",
    { status },
  );
}

/** Deletes the finished file at `location`. Rejects with an `UploadError` when the server does not do it. */
export async function deleteOnServer({ requests, signIns }: ServerDeps, location: string): Promise<void> {
  const status = await signIns.around(() => requests.remove(location), (status) => status);
  if (status === undefined) throw notDeleted();
  if (!isGone(status)) throw refusal(status, "");
}

/** True for an error of {@linkcode cancelOnServer} that a later try may not meet. */
export function mayCancelLater(error: unknown): boolean {
  return error instanceof UploadError && (error.code === "no-progress" || error.code === "signed-out");
}

/** True for an error of {@linkcode deleteOnServer} that another try may not meet. */
export function wouldHelp(error: unknown): boolean {
  if (!(error instanceof UploadError)) return false;
  return error.code === "no-progress" || error.status !== undefined && passesByItself(error.status);
}

/** True when it was deleted, or was never there. */
function isGone(status: Outcome): boolean {
  return status !== undefined && (status < 300 || status === 404 || status === 410);
}
