import { delay } from "@std/async/delay";
import { UploadError } from "../../errors.ts";

/** The refusal of every request that needs the database while it gives no answer. */
export function noDatabase(cause?: unknown): UploadError {
  return new UploadError("no-database", "The server's database gives no answer: try again in a few seconds", { cause });
}

/** True for an error that says that the database cannot be reached now, or takes no changes now. */
export function isAway(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && (AWAY.has(code) || AWAY_CLASSES.some((start) => code.startsWith(start)));
}

/** True for an error that has ended a connection in the middle of a statement, or that only a standby gives. */
export function isBroken(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && (BROKEN.has(code) || AWAY_CLASSES.some((start) => code.startsWith(start)));
}

/** True when a transaction met another one and was undone, so that it can be tried again. */
function isUndone(error: unknown): boolean {
  const code = codeOf(error);
  // A serialization failure, or a deadlock.
  return code === "40001" || code === "40P01";
}

/** How often a statement is run that met another one and was undone. */
const ATTEMPTS = 10;

/** Runs a statement anew as long as others undo it. Throws `no-database` when they do so again and again. */
export async function retryUndone<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (!isUndone(error)) throw error;
      if (attempt === ATTEMPTS) throw noDatabase(error);
      await delay(Math.random() * 10 * attempt);
    }
  }
}

/** The code of an error of the database or of the system; `undefined` when it has none. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Codes of PostgreSQL ("PostgreSQL Error Codes", appendix A of its manual), of the client library, and of the system. */
const BROKEN = new Set([
  // The server stops, has crashed, or starts.
  "57P01",
  "57P02",
  "57P03",
  "57P05",
  // A standby, or a primary that has become one.
  "25006",
  "CONNECTION_CLOSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
]);

const AWAY = new Set([
  ...BROKEN,
  // A statement that was cancelled has run for too long.
  "57014",
  // Too many connections, or no memory or disk for one more statement.
  "53000",
  "53100",
  "53200",
  "53300",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
]);

/** Connection exceptions. */
const AWAY_CLASSES = ["08"];
