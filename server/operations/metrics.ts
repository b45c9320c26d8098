import { ATTEMPT_ENDS, type AttemptEnd } from "../hooks/hook.ts";
import type { AnswerMeter } from "../http/app.ts";
import type { EngineMeter } from "../uploads/engine_meter.ts";
import { type Change, countRecords } from "./count_records.ts";
import { defineGauges, type Gauges } from "./gauges.ts";
import type { MetricsText } from "./handlers.ts";
import { CODES, INTERRUPTIONS, methodOf, running, seconds } from "./instruments.ts";
import { type Counter, type Histogram, Registry } from "./registry.ts";
import { Resumptions } from "./resumptions.ts";
import type { RecordStore } from "../storage/store.ts";

/** The metrics of one server: it counts what it is told, and gives the text of all counts. */
export interface Metrics extends MetricsText {
  readonly engine: EngineMeter;
  readonly answers: AnswerMeter;
  /** Gives the records, with each step in the life of an upload counted. */
  watch(records: RecordStore): RecordStore;
  /** Counts a flush of an unfinished upload, which took so many milliseconds. */
  flushed(ms: number): void;
  /** Counts bytes of finished files that are sent. */
  sent(bytes: number): void;
  /** Counts a wrong token, link or password. */
  signInFailed(): void;
  /** Counts an attempt to deliver an event to a webhook, or to the program that hears of events. */
  attempted(end: AttemptEnd): void;
  /** Adds the metrics that are looked up when the text is asked for. Called once. */
  addGauges(gauges: Gauges): void;
}

/**
 * Makes the metrics of a server. No label has a value that clients make, so their number has a bound. A piece of a
 * body costs no more than an addition.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const requests = registry.counter("pawl_http_requests_total", "Requests that were answered.", [
    "route",
    "method",
    "status",
  ]);
  const refusals = registry.counter("pawl_refusals_total", "Refused requests, and refused files of forms, by code.", [
    "code",
  ]);
  for (const code of CODES) refusals.inc({ code }, 0);
  const interrupted = registry.counter(
    "pawl_uploads_interrupted_total",
    "Requests that ended before their body was whole; the bytes that came are kept.",
    ["reason"],
  );
  for (const reason of INTERRUPTIONS) interrupted.inc({ reason }, 0);
  const changes: Readonly<Record<Change, Counter>> = {
    created: registry.counter("pawl_uploads_created_total", "Uploads that began."),
    completed: registry.counter("pawl_uploads_completed_total", "Uploads whose file is finished."),
    expired: registry.counter("pawl_uploads_expired_total", "Unfinished uploads that went past their time."),
    terminated: registry.counter("pawl_uploads_terminated_total", "Uploads that a client deleted, finished or not."),
    lost: registry.counter("pawl_uploads_lost_total", "Unfinished uploads that lost acknowledged bytes on disk."),
  };
  const resumed = registry.counter("pawl_uploads_resumed_total", "Requests that went on with an interrupted upload.");
  const signInFailures = registry.counter("pawl_sign_in_failures_total", "Wrong tokens, links and passwords.");
  const attempts = registry.counter(
    "pawl_webhook_deliveries_total",
    "Attempts to deliver an event to a webhook, or to the program that hears of events, by how they ended.",
    ["outcome"],
  );
  for (const outcome of ATTEMPT_ENDS) attempts.inc({ outcome }, 0);
  const takeOvers = seconds(
    registry,
    "pawl_take_over_wait_seconds",
    "Time from when a request was asked to let its upload go until it did.",
  );
  const checkpoints = seconds(registry, "pawl_checkpoint_duration_seconds", "Time to flush and record a checkpoint.");
  const flushes = seconds(registry, "pawl_flush_duration_seconds", "Time to flush the bytes of one upload.");
  const received = running(registry, "pawl_received_bytes_total", "Bytes of files that came and were written.");
  const sent = running(registry, "pawl_sent_bytes_total", "Bytes of finished files that were read to be sent.");
  const resumptions = new Resumptions();
  let active = 0;

  return {
    contentType: registry.contentType,
    text: () => registry.text(),
    engine: {
      bodyBegins: () => void active++,
      bodyEnds: () => void active--,
      received: (bytes) => received.add(bytes),
      appended({ id, start, end, isComplete }) {
        const isWhole = end === "whole";
        const isInterrupted = INTERRUPTIONS.some((reason) => reason === end);
        if (isInterrupted) interrupted.inc({ reason: end });
        // A refused request has changed nothing.
        if (!isWhole && !isInterrupted) return;
        if (resumptions.ended({ id, start, isWhole, isComplete })) resumed.inc();
      },
      checkpointMade: (ms) => observe(checkpoints, ms),
      takenOver: (ms) => observe(takeOvers, ms),
      finished() {},
    },
    answers: {
      answered: ({ route, request: { method }, response: { status } }) =>
        requests.inc({ route, method: methodOf(method), status }),
      refused: (code) => refusals.inc({ code }),
    },
    watch: (records) => countRecords(records, (change) => changes[change].inc()),
    flushed: (ms) => observe(flushes, ms),
    sent: (bytes) => sent.add(bytes),
    signInFailed: () => signInFailures.inc(),
    attempted: (outcome) => attempts.inc({ outcome }),
    addGauges: (gauges) => defineGauges(registry, { ...gauges, active: () => active }),
  };
}

function observe(histogram: Histogram, ms: number): void {
  histogram.observe(ms / 1000);
}
