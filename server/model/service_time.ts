/**
 * Service time: a clock that goes on only while the server runs, in milliseconds. It begins at the machine's clock at
 * the very first start, and does not follow that clock later.
 */
export interface ServiceTime {
  readonly ms: number;
  /** The monotonic clock, in milliseconds, when the service time was `ms`. */
  readonly lookedAt: number;
}

/**
 * The service time when the monotonic clock shows `monotonic`. A step of more than `longestStepMs` means that the
 * process stood still, because the machine slept or the container was paused. No client could come then, so a step
 * counts for `longestStepMs` at most.
 */
export function advanced({ ms, lookedAt }: ServiceTime, monotonic: number, longestStepMs: number): ServiceTime {
  const step = Math.min(Math.max(monotonic - lookedAt, 0), longestStepMs);
  return { ms: ms + step, lookedAt: monotonic };
}

/**
 * The service time at the first start: the wall clock, or `firstDueAt` if that is earlier. An earlier version went by
 * the wall clock, and its uploads are due by that.
 */
export function firstServiceTime(wall: number, firstDueAt: number = Infinity): number {
  return Math.min(wall, firstDueAt);
}
