/**
 * The code of a problem, for programs:
 *
 * - `connection`: the server cannot be reached, or the connection broke
 * - `stalled`: nothing has moved for too long
 * - `busy`: the server, or somebody before it, answered that it cannot now
 * - `not-a-server`: the answer came from something that is no upload server
 * - `not-kept`: the server took bytes and did not keep them
 * - `damaged`: what arrived was not what was sent
 * - `elsewhere`: another tab or window uploads this file
 * - `too-many-unfinished`: this user has as many unfinished uploads on the server as it allows
 * - `signed-out`: the server wants a sign-in, for which `onSignedOut` asks
 */
export type ProblemCode =
  | "connection"
  | "stalled"
  | "busy"
  | "not-a-server"
  | "not-kept"
  | "damaged"
  | "elsewhere"
  | "too-many-unfinished"
  | "signed-out";

/** Something that passes by itself, for which an upload waits. */
export interface Problem {
  /** The problem that is in the way. */
  code: ProblemCode;
  /** One plain line. */
  message: string;
  /** True when the problem concerns this file only, as far as is known. Other files may get through meanwhile. */
  isOwn?: true;
}

const OWN: ReadonlySet<ProblemCode> = new Set(["not-kept", "damaged", "too-many-unfinished"]);

const MESSAGES: Readonly<Record<ProblemCode, string>> = {
  "connection": "The connection to the server is lost",
  "stalled": "Nothing moves any more",
  "busy": "The server cannot take it now",
  "not-a-server": "No upload server is at this address",
  "not-kept": "The server did not keep what was sent",
  "damaged": "What arrived is not what was sent",
  "elsewhere": "Another tab or window uploads this file",
  "too-many-unfinished": "You may have no more unfinished uploads on the server",
  "signed-out": "The server wants you to sign in",
};

/** Makes a problem from its code, with the usual message or a better one. */
export function problem(code: ProblemCode, message = MESSAGES[code], isOwn = OWN.has(code)): Problem {
  return { code, message, ...isOwn && { isOwn } };
}
