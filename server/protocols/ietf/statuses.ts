import { STATUS_CODE } from "@std/http/status";
import type { ErrorCode } from "../../errors.ts";

/**
 * The statuses of this protocol that differ from the common table. Clients go on after 409 and 5xx (section 4.7 of the
 * draft), and after no other refusal but 413 and 429, so a refusal that passes by itself is one of these.
 */
export const IETF_STATUS: Partial<Record<ErrorCode, number>> = {
  "locked": STATUS_CODE.ServiceUnavailable,
  "idle": STATUS_CODE.ServiceUnavailable,
  "too-slow": STATUS_CODE.ServiceUnavailable,
  "too-short-chunks": STATUS_CODE.ServiceUnavailable,
  "disconnected": STATUS_CODE.ServiceUnavailable,
};

/**
 * The statuses of `HEAD` and `GET` that differ from the common table. tus-js-client begins a new upload after any refusal
 * but 423, and for others all refusals without an offset are the same.
 */
export const IETF_HEAD_STATUS: Partial<Record<ErrorCode, number>> = {
  "failed": STATUS_CODE.Locked,
  "shutdown": STATUS_CODE.Locked,
  "too-many": STATUS_CODE.Locked,
  "no-database": STATUS_CODE.Locked,
  "no-bucket": STATUS_CODE.Locked,
  "disk-full": STATUS_CODE.Locked,
  "over-quota": STATUS_CODE.Locked,
  "taken-over": STATUS_CODE.Locked,
  "cannot-ask": STATUS_CODE.Locked,
  "moved": STATUS_CODE.Locked,
  "too-many-guesses": STATUS_CODE.Locked,
};
