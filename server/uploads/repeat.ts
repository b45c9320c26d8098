import { agree, tooLong } from "../model/agree.ts";
import type { Appended, AppendRequest } from "./append.ts";
import { isFinal } from "./open_upload.ts";
import { type Parts, RATE_GRACE_MS } from "./parts.ts";
import { receive } from "../receiving/receive.ts";
import type { Lease } from "./locks.ts";
import type { CompleteUpload } from "../model/upload.ts";

/**
 * The answer to a request on a finished upload: the same as before, where it brings nothing new. Throws where it does,
 * and `final`.
 */
export async function repeat(
  { limits }: Parts,
  lease: Lease,
  upload: CompleteUpload,
  request: AppendRequest,
): Promise<Appended> {
  if (upload.concat !== undefined) throw isFinal();
  agree({ offset: upload.length, length: upload.length }, { ...request, toTheEnd: false }, Infinity);
  const { end } = await receive(request.body, NOTHING, {
    limit: 0,
    expected: request.bodyLength,
    idleMs: limits.idleMs,
    minBytesPerSecond: 0,
    rateGraceMs: RATE_GRACE_MS,
    stop: lease.stop,
    onArrived: (bytes) => lease.arrived(bytes),
    onPiece: () => {},
  });
  if (end === "too-long") throw tooLong(upload.length, { offset: upload.length });
  return { upload, end };
}

const NOTHING = {
  length: 0,
  write: () => Promise.resolve(),
};
