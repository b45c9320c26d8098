/** One value at a time, in seconds. */
export interface Sample {
  readonly at: number;
  readonly value: number;
}

/** A straight line through samples, by least squares. */
export interface Slope {
  /** How much the value grows in a minute. */
  readonly perMinute: number;
  /** The standard error of that, as if the samples were independent of each other. They are not: it is a lower bound. */
  readonly errorPerMinute: number;
  /** How far a sample lies from the line: the standard deviation of the residuals. */
  readonly noise: number;
  readonly mean: number;
  readonly count: number;
}

/** Fits a line; `undefined` for fewer than three samples, or if all have one time. */
export function slopeOf(samples: readonly Sample[]): Slope | undefined {
  const count = samples.length;
  if (count < 3) return undefined;
  const meanAt = mean(samples.map(({ at }) => at));
  const meanValue = mean(samples.map(({ value }) => value));
  let square = 0;
  let product = 0;
  for (const { at, value } of samples) {
    square += (at - meanAt) ** 2;
    product += (at - meanAt) * (value - meanValue);
  }
  if (square === 0) return undefined;
  const slope = product / square;
  let residual = 0;
  for (const { at, value } of samples) residual += (value - meanValue - slope * (at - meanAt)) ** 2;
  const variance = residual / (count - 2);
  return {
    perMinute: slope * 60,
    errorPerMinute: Math.sqrt(variance / square) * 60,
    noise: Math.sqrt(variance),
    mean: meanValue,
    count,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
