import { createNoopMeter, metrics as runtimeMetrics, propagation, trace, type Tracer } from "@opentelemetry/api";
import { defined } from "../defined.ts";
import { withoutSecrets } from "../log.ts";
import { answerFacts } from "../http/answer_facts.ts";
import type { Answered } from "../http/app.ts";
import { isKnownMethod } from "./instruments.ts";
import type { Metrics } from "./metrics.ts";
import { keepSecretsOut } from "./span_secrets.ts";

/**
 * The tracer of this process; `undefined` unless the runtime makes spans (`OTEL_DENO=true`). From then on the runtime
 * writes no secret into them. To be called once in a process.
 */
export function openTracer(): Tracer | undefined {
  const tracer = trace.getTracer("pawl");
  // A span that never ends is never exported.
  const span = tracer.startSpan("never ended");
  if (!span.isRecording()) return undefined;
  keepSecretsOut(span);
  return tracer;
}

/**
 * True when the runtime makes metrics of its own of all requests. Their labels have the client's method and host, of any
 * length, so clients can fill the memory by them.
 */
export function hasRuntimeMetrics(): boolean {
  return runtimeMetrics.getMeter("pawl") !== createNoopMeter();
}

/**
 * True when the runtime reads `baggage` of each request. A request whose baggage is no good percent-encoding is never
 * answered by Deno 2.9, and keeps its connection open for ever.
 */
export function readsBaggage(): boolean {
  return propagation.fields().includes("baggage");
}

/**
 * Gives metrics that also tell the traces what they are told: the runtime's span of a request gets its name and what it
 * is about, and each longer step in it a span of its own. Without a tracer it gives the metrics themselves.
 */
export function traced(metrics: Metrics, tracer: Tracer | undefined, now: () => number): Metrics {
  if (tracer === undefined) return metrics;
  const { engine, answers } = metrics;
  /** Makes the span of a step that took `ms` milliseconds and has just ended. */
  const step = (name: string, ms: number, upload?: string) =>
    tracer.startSpan(name, { startTime: now() - ms, attributes: defined({ "pawl.upload.id": upload }) }).end();
  return {
    ...metrics,
    engine: {
      ...engine,
      checkpointMade(ms) {
        engine.checkpointMade(ms);
        step("checkpoint", ms);
      },
      finished(id, ms) {
        engine.finished(id, ms);
        step("finish", ms, id);
      },
    },
    answers: {
      ...answers,
      answered(answered) {
        answers.answered(answered);
        describe(answered);
      },
    },
    flushed(ms) {
      metrics.flushed(ms);
      step("flush", ms);
    },
  };
}

/**
 * Tells the span of a request its name, its route (semantic conventions of HTTP spans) and its facts. The runtime adds
 * the status, and that 500 and more are errors.
 */
function describe({ route, request, response }: Answered): void {
  const span = trace.getActiveSpan();
  if (span === undefined) return;
  const { id, path, outcome, upload } = answerFacts(request, response);
  const known = isKnownMethod(request.method) ? request.method : "HTTP";
  const hasRoute = route.startsWith("/");
  span.updateName(hasRoute ? `${known} ${route}` : known);
  span.setAttributes(defined({
    "http.route": hasRoute ? route : undefined,
    // The path of a link is its secret.
    "url.path": route.includes("<secret>") ? route : path,
    // A client names its request, and may do so by its token.
    "pawl.request.id": withoutSecrets(id),
    "pawl.outcome": outcome,
    "pawl.upload.id": upload,
  }));
}
