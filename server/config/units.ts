/** How many bytes a unit of size has. */
const SIZES: Record<string, number> = {
  "": 1,
  "b": 1,
  "kib": 2 ** 10,
  "mib": 2 ** 20,
  "gib": 2 ** 30,
  "tib": 2 ** 40,
  "kb": 1e3,
  "mb": 1e6,
  "gb": 1e9,
  "tb": 1e12,
};

/** How many milliseconds a unit of time has. */
const TIMES: Record<string, number> = {
  "ms": 1,
  "s": 1000,
  "m": 60_000,
  "h": 3_600_000,
  "d": 86_400_000,
};

/** Reads a size such as `"500"`, `"64KiB"` or `"1.5 GB"`, and gives bytes; `undefined` for anything else. */
export function parseSize(text: string): number | undefined {
  return parseWithUnit(text, SIZES);
}

/**
 * Reads a time with its unit, such as `"500ms"`, `"60s"` or `"7d"`, and gives milliseconds; `undefined` for anything
 * else.
 */
export function parseTime(text: string): number | undefined {
  return parseWithUnit(text, TIMES);
}

function parseWithUnit(text: string, units: Record<string, number>): number | undefined {
  const [, amount, unit] = /^(\d{1,15}(?:\.\d{1,3})?) ?([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = units[unit?.toLowerCase() ?? "?"];
  return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
}
