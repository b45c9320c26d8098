import type { UploadError, UploadErrorCode } from "../../client/mod.ts";

/** The next step after errors whose own words promise that a second try goes on, where it begins anew. */
const ANEW: Partial<Record<UploadErrorCode, string>> = {
  "no-progress": "Check the connection, then send all of it again",
  "disk-full": "Ask whoever runs the server to make room, then send all of it again",
};

/** Says why a file is not on the server, in words for the command line. `goesOn` is false where a second try begins anew. */
export function failureOf(
  error: UploadError | undefined,
  { goesOn }: { goesOn: boolean },
): { code: string; message: string } {
  const { code = "refused", message = "It was refused" } = error ?? {};
  if (code === "file-changed") {
    if (isForbidden(error)) return { code: "not-read", message: "You may not read it: change its permissions" };
    return { code, message: "It was changed, moved or removed while it was being sent. Send it again" };
  }
  if (code === "signed-out") {
    return { code, message: "The server does not let you in any more: give another token, and run the command again" };
  }
  const advice = goesOn ? undefined : ANEW[code];
  // The message is the problem, and then one sentence that says what to do.
  return {
    code,
    message: advice === undefined ? message : `${message.slice(0, message.lastIndexOf(". "))}. ${advice}`,
  };
}

/** True for an error that the system gave, at last, because this user may not read a file. */
function isForbidden(error: unknown): boolean {
  if (error instanceof Deno.errors.PermissionDenied) return true;
  return error instanceof Error && error.cause !== undefined && isForbidden(error.cause);
}
