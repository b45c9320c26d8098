/**
 * The time that a server has served: it goes on only while the process runs, and has nothing to do with what the
 * machine's clock shows. It begins at what that showed at the very first start. Milliseconds.
 */
export interface ServiceTime {
  readonly ms: number;
  /** What the monotonic clock showed then. */
  readonly lookedAt: number;
}

/**
 * The service time when the monotonic clock shows `monotonic`. A step of more than `longestStepMs` without a look means
 * that the process stood still, in a machine that slept or a container that was paused, and heard no client: of that no
 * more than `longestStepMs` counts.
 */
export function advanced({ ms, lookedAt }: ServiceTime, monotonic: number, longestStepMs: number): ServiceTime {
  const step = Math.min(Math.max(monotonic - lookedAt, 0), longestStepMs);
  return { ms: ms + step, lookedAt: monotonic };
}

/**
 * Where the service time begins: at the wall clock, but not after the moment at which the first of the uploads is due
 * that an earlier Pawl, which went by the wall clock, has left.
 */
export function firstServiceTime(wall: number, firstDueAt: number = Infinity): number {
  return Math.min(wall, firstDueAt);
}
