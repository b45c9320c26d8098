import { STATUS_CODE } from "@std/http/status";
import type { ErrorCode } from "../../errors.ts";

/**
 * Where tus' own words for a failure differ from the common table. What passes by itself must not be a 4xx besides 409
 * and 423: its clients take any other one for the end.
 */
export const TUS_STATUS: Partial<Record<ErrorCode, number>> = {
  // Checksum Mismatch, of tus' own making.
  "digest-mismatch": 460,
  // Its clients' own tests expect it; what has expired or was lost is 410.
  "terminated": STATUS_CODE.NotFound,
  "idle": STATUS_CODE.ServiceUnavailable,
  "too-slow": STATUS_CODE.ServiceUnavailable,
  "too-short-chunks": STATUS_CODE.ServiceUnavailable,
  "disconnected": STATUS_CODE.ServiceUnavailable,
};

/** After any status but 423, clients that only ask forget the upload and begin anew. */
export const HEAD_STATUS: Partial<Record<ErrorCode, number>> = {
  ...TUS_STATUS,
  "failed": STATUS_CODE.Locked,
  "shutdown": STATUS_CODE.Locked,
  "too-many": STATUS_CODE.Locked,
  "disk-full": STATUS_CODE.Locked,
  "taken-over": STATUS_CODE.Locked,
};
