import { type Problem, problem } from "../protocol/problem.ts";
import type { Reply } from "../protocol/requests.ts";
import { UploadError } from "../protocol/upload_error.ts";

const TIMES_DAMAGED = 5;

/** A request that carried bytes, as far as the next step needs it. */
export interface SentBytes {
  /** Where its body began in the file. */
  start: number;
  /** Bytes of the body, and of these the ones that have departed. */
  bytes: number;
  departed: number;
}

/** Where a run stands between two requests. */
export interface RunState {
  /** Where the next request begins; `undefined` when the server has to be asked first. */
  offset: number | undefined;
  /** The most that the server held so far. Only more counts failures anew: one that loses bytes must not loop. */
  furthest: number;
  /** How many tries have failed since the server last held more bytes than ever before. */
  failures: number;
  /** In how many of these tries the bytes were damaged. */
  damages: number;
  /** The last request with bytes, when nobody knows what came of it. */
  unclear: SentBytes | undefined;
}

/** What a run does next. */
export type Step =
  /** Nothing: the server has the whole file. */
  | { kind: "complete" }
  /** Send or ask, at once. */
  | { kind: "go-on" }
  /** Send smaller bodies, and end with `error` where they cannot be smaller. */
  | { kind: "shrink"; error: UploadError }
  /** Wait for a retry delay, then send or ask. */
  | { kind: "wait"; problem: Problem; retryAfterMs: number | undefined }
  /** End. */
  | { kind: "fail"; error: UploadError };

/** Where a run begins: at `offset`, or with a question where that is not known. */
export function firstState(offset: number | undefined): RunState {
  return { offset, furthest: -1, failures: 0, damages: 0, unclear: undefined };
}

/**
 * What follows from the reply to the request that a run has made in `state`, and where the run stands then. `sent` is
 * `undefined` when the request was a question. So many failures as `tries` in a row, with nothing gained, end the run.
 */
export function nextStep(
  state: RunState,
  { meaning }: Pick<Reply, "meaning">,
  { sent, tries }: { sent: SentBytes | undefined; tries: number },
): { state: RunState; step: Step } {
  switch (meaning.kind) {
    case "complete":
      return { state, step: { kind: "complete" } };
    case "refused":
      return { state, step: { kind: "fail", error: meaning.error } };
    case "too-much":
      return { state, step: { kind: "shrink", error: meaning.error } };
    case "held": {
      const next = afterCount(state, meaning.offset);
      const isStep = sent === undefined || meaning.offset > sent.start;
      return isStep ? { state: next, step: { kind: "go-on" } } : afterFailure(next, problem("not-kept"), { tries });
    }
    case "cut":
      return { state: askNext(state, sent), step: { kind: "go-on" } };
    case "unclear":
      return afterFailure(askNext(state, sent), problem("not-kept"), { tries });
    case "retry": {
      const { problem, retryAfterMs } = meaning;
      if (problem.code !== "damaged") return afterFailure(askNext(state, sent), problem, { tries, retryAfterMs });
      // The server has verified the body, so all of it has arrived: nothing about it is unclear.
      const next = { ...state, offset: undefined, unclear: undefined, damages: state.damages + 1 };
      return afterFailure(next, problem, { tries, retryAfterMs });
    }
  }
}

/** The server holds `offset` bytes. */
function afterCount(state: RunState, offset: number): RunState {
  const isGain = offset > state.furthest;
  return { ...state, offset, unclear: undefined, ...isGain && { furthest: offset, failures: 0, damages: 0 } };
}

function askNext(state: RunState, sent: SentBytes | undefined): RunState {
  return { ...state, offset: undefined, unclear: sent ?? state.unclear };
}

function afterFailure(
  before: RunState,
  trouble: Problem,
  { tries, retryAfterMs }: { tries: number; retryAfterMs?: number | undefined },
): { state: RunState; step: Step } {
  const state = { ...before, failures: before.failures + 1 };
  if (state.failures >= tries) return { state, step: { kind: "fail", error: noProgress(state.failures, trouble) } };
  if (state.damages >= TIMES_DAMAGED) return { state, step: { kind: "fail", error: alwaysDamaged() } };
  // Bytes that were not kept once may have met a server that was about to end.
  const isFirst = trouble.code === "not-kept" && state.failures === 1;
  return { state, step: isFirst ? { kind: "go-on" } : { kind: "wait", problem: trouble, retryAfterMs } };
}

function noProgress(failures: number, { message }: Problem): UploadError {
  return new UploadError(
    "no-progress",
    `Nothing was gained in ${failures} tries, the last problem: ${message}. ` +
      "Check the connection, then upload again: it goes on where the server is",
  );
}

function alwaysDamaged(): UploadError {
  return new UploadError(
    "damaged",
    `What arrived was not what was sent, ${TIMES_DAMAGED} times in a row. ` +
      "Choose the file again, or upload it over another network",
  );
}
