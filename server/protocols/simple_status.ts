import { STATUS_CODE } from "@std/http/status";
import { type ErrorCode, UploadError } from "../errors.ts";

/** The statuses of the simple protocol that differ from the common table. */
export const SIMPLE_STATUS: Partial<Record<ErrorCode, number>> = { "wrong-offset": STATUS_CODE.BadRequest };

/** Throws the engine's error again, with the simple protocol's words in its message. */
export function throwInOwnWords(error: unknown): never {
  // The failure of the cleaning up behind a refusal does not change what the client is told.
  if (error instanceof SuppressedError) return throwInOwnWords(error.suppressed);
  if (!(error instanceof UploadError)) throw error;
  if (error.code === "wrong-offset") throw error.withMessage(`Wrong start byte: ${error.offset}`);
  if (error.code === "size-changed") throw error.withMessage(`${error.message} To replace it, send it from byte 0`);
  throw error;
}
