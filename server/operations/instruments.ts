import { STATUS } from "../errors.ts";
import type { Histogram, Registry } from "./registry.ts";

/** The codes of all refusals, as values of a label. */
export const CODES = Object.keys(STATUS);

/** How a body can be interrupted, as values of a label: the upload goes on with the next request. */
export const INTERRUPTIONS = [
  "disconnected",
  "idle",
  "too-slow",
  "too-short-chunks",
  "taken-over",
  "shutdown",
  "disk-full",
  "over-quota",
  "too-many",
  "failed",
] as const;

/** The methods that are values of a label. */
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** True for a method of HTTP: clients can send any text as a method. */
export function isKnownMethod(method: string): boolean {
  return METHODS.has(method);
}

/** The method of a request as the value of a label. */
export function methodOf(method: string): string {
  return isKnownMethod(method) ? method : "other";
}

/** The bounds of durations in seconds: from a quick disk's flush to a take-over that waits for a slow one. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Defines a histogram of durations in seconds. */
export function seconds(registry: Registry, name: string, help: string): Histogram {
  return registry.histogram(name, help, BUCKETS);
}

/** Defines a gauge that is looked up when the metrics are asked for. While the look fails it has no value. */
export function gauge(
  registry: Registry,
  name: string,
  help: string,
  look: () => number | Promise<number>,
): void {
  registry.lookedUp("gauge", { name, help, look });
}

/** Defines a counter whose value is looked up when the metrics are asked for. */
export function lookedUp(registry: Registry, name: string, help: string, look: () => number): void {
  registry.lookedUp("counter", { name, help, look });
}

/** A sum that grows with each piece of a body. */
export interface RunningSum {
  add(amount: number): void;
}

/** Defines a counter that costs an addition and no more. */
export function running(registry: Registry, name: string, help: string): RunningSum {
  let sum = 0;
  lookedUp(registry, name, help, () => sum);
  return { add: (amount) => void (sum += amount) };
}
