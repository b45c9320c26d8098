import type { Handler, Need, Route } from "../http/route.ts";

/** The handlers of the addresses by which a server is watched. */
export interface OperationsHandlers {
  /** Answers as long as the process answers anything. */
  readonly alive: Handler;
  /** Answers 200 when uploads can be taken, and 503 otherwise, with the reasons. */
  readonly ready: Handler;
  /** Answers with the metrics, in the text format of Prometheus. */
  readonly metrics: Handler;
}

/**
 * The routes by which a server is watched. `/healthz` and `/readyz` ask nobody who they are, because the programs that
 * ask have no token. `metricsNeed` is the right that `/metrics` needs.
 */
export function operationsRoutes(
  { alive, ready, metrics }: OperationsHandlers,
  metricsNeed: () => Need,
): readonly Route[] {
  const open = { needs: { GET: "nothing" }, isKey: true, isAboutServer: true, isApi: true } as const;
  return [
    { ...open, path: /^\/healthz$/, template: "/healthz", methods: { GET: alive } },
    { ...open, path: /^\/readyz$/, template: "/readyz", methods: { GET: ready } },
    { path: /^\/metrics$/, template: "/metrics", methods: { GET: metrics }, needs: { GET: metricsNeed } },
  ];
}
