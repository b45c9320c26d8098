import { all, options, type Row, toAdmin } from "./matrix_columns.ts";

/** The rows of the matrix about health and metrics. */
export const OPERATIONS_ROWS: readonly Row[] = [
  ...["/healthz", "/readyz"].flatMap((path): Row[] => [
    { path, verb: "GET", asks: "nothing", expected: all(200) },
    { path, verb: "HEAD", asks: "nothing", expected: all(200) },
    options(path),
  ]),
  { path: "/metrics", verb: "GET", asks: "admin", expected: toAdmin(200) },
  { path: "/metrics", verb: "HEAD", asks: "admin", expected: toAdmin(200) },
  options("/metrics"),
];
