import { STATUS_CODE } from "@std/http/status";
import { jsonAnswer, wholeAnswer } from "../http/whole_answers.ts";
import type { CheckHealth } from "./health.ts";
import type { OperationsHandlers } from "./routes.ts";

/** The metrics as text, and the type of that text. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

/** An answer is true for a moment only. */
const HEADERS = { "Cache-Control": "no-store" } as const;

/** Makes the handlers by which a server is watched. */
export function createOperations(health: CheckHealth, metrics: MetricsText): OperationsHandlers {
  return {
    alive: () => Promise.resolve(jsonAnswer({ alive: true }, { headers: HEADERS })),

    async ready() {
      const reasons = await health();
      const isReady = reasons.length === 0;
      return jsonAnswer({ ready: isReady, reasons }, {
        status: isReady ? STATUS_CODE.OK : STATUS_CODE.ServiceUnavailable,
        headers: HEADERS,
      });
    },

    async metrics() {
      return wholeAnswer(await metrics.text(), { headers: { ...HEADERS, "Content-Type": metrics.contentType } });
    },
  };
}
