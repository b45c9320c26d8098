import { STATUS_CODE } from "@std/http/status";
import type { ErrorCode } from "../../errors.ts";

/**
 * The statuses of tus that differ from the common table. A refusal that passes by itself must be a 5xx, 409 or 423:
 * after any other 4xx the usual clients stop for good.
 */
export const TUS_STATUS: Partial<Record<ErrorCode, number>> = {
  // tus defines this status, Checksum Mismatch.
  "digest-mismatch": 460,
  // Tests of tus clients expect 404. An upload that expired or was lost is 410.
  "terminated": STATUS_CODE.NotFound,
  "idle": STATUS_CODE.ServiceUnavailable,
  "too-slow": STATUS_CODE.ServiceUnavailable,
  "too-short-chunks": STATUS_CODE.ServiceUnavailable,
  "disconnected": STATUS_CODE.ServiceUnavailable,
};

/**
 * The statuses of `HEAD` and `GET` that differ from the common table. The usual clients begin a new upload after any
 * refusal but 423, so refusals that pass by themselves are 423.
 */
export const HEAD_STATUS: Partial<Record<ErrorCode, number>> = {
  ...TUS_STATUS,
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
