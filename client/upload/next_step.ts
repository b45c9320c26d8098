import type { Meaning } from "../protocol/answer.ts";
import { type Problem, problem } from "../protocol/problem.ts";
import type { Reply } from "../protocol/requests.ts";
import { UploadError } from "../protocol/upload_error.ts";

const TIMES_DAMAGED = 5;

/** The facts of a request with bytes on which the next step depends. */
export interface SentBytes {
  /** The byte of the file at which its body began. */
  start: number;
  /** How many bytes the body had. */
  bytes: number;
  /** How many of these bytes have departed. */
  departed: number;
}

/** The state of a run between two requests. */
export interface RunState {
  /** The byte at which the next request begins; `undefined` when the server must be asked first. */
  offset: number | undefined;
  /**
   * The largest offset so far. Only a larger one counts the failures anew, so that a server that loses bytes does not
   * keep a run going for ever.
   */
  furthest: number;
  /** How many tries have failed since `furthest` last grew. */
  failures: number;
  /** How many of these tries failed because bytes were damaged. */
  damages: number;
  /** The last request with bytes, if its result is unknown. */
  unclear: SentBytes | undefined;
}

/** The next step of a run. */
export type Step =
  /**
   * Ends the run when it is `complete` or has `failed`. Sends smaller bodies when one was `too-much`, and ends the run
   * with the error if they cannot be smaller. Asks for a sign-in when it is `signed-out`, then asks the server, and ends
   * the run with the error if nobody can be asked.
   */
  | Exclude<Meaning, { kind: "held" | "retry" }>
  /** Sends or asks at once. */
  | { kind: "go-on" }
  /** Waits for a retry delay, then sends or asks. */
  | { kind: "wait"; problem: Problem; retryAfterMs: number | undefined };

/** Gives the state in which a run begins. Without an `offset` the run asks the server first. */
export function firstState(offset: number | undefined): RunState {
  return { offset, furthest: -1, failures: 0, damages: 0, unclear: undefined };
}

/**
 * Decides what follows from the reply to a request that a run made in `state`. Gives the next step, and the state after
 * the reply. `sent` is `undefined` for a question. The run fails after `tries` failures in a row.
 */
export function nextStep(
  state: RunState,
  { meaning }: Pick<Reply, "meaning">,
  { sent, tries }: { sent: SentBytes | undefined; tries: number },
): { state: RunState; step: Step } {
  switch (meaning.kind) {
    case "complete":
    case "failed":
    case "too-much":
      return { state, step: meaning };
    case "signed-out": {
      const next = askNext({ ...state, failures: state.failures + 1 }, sent);
      return { state: next, step: next.failures >= tries ? { ...meaning, kind: "failed" } : meaning };
    }
    case "held": {
      const next = afterCount(state, meaning.offset);
      const isStep = sent === undefined || meaning.offset > sent.start;
      return isStep ? { state: next, step: { kind: "go-on" } } : afterFailure(next, problem("not-kept"), { tries });
    }
    case "cut":
      return { state: askNext(state, sent), step: { kind: "go-on" } };
    case "retry": {
      const { problem, retryAfterMs } = meaning;
      const next = problem.code === "damaged" ? afterDamage(state) : askNext(state, sent);
      return afterFailure(next, problem, { tries, retryAfterMs });
    }
  }
}

/** Gives the state after the server has said that it holds `offset` bytes. */
function afterCount(state: RunState, offset: number): RunState {
  const isGain = offset > state.furthest;
  return { ...state, offset, unclear: undefined, ...isGain && { furthest: offset, failures: 0, damages: 0 } };
}

/** Gives the state after a body that was damaged. The server has checked all of it, so nothing about it is unclear. */
function afterDamage(state: RunState): RunState {
  return { ...state, offset: undefined, unclear: undefined, damages: state.damages + 1 };
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
  const isDamaged = state.damages >= TIMES_DAMAGED;
  if (isDamaged || state.failures >= tries) {
    const message =
      `Nothing was gained in ${state.failures} tries: ${trouble.message}. Check the connection, then upload again`;
    return { state, step: { kind: "failed", error: new UploadError(isDamaged ? "damaged" : "no-progress", message) } };
  }
  // The server may have been about to stop when it did not keep the bytes. So the first time nobody waits.
  const isFirst = trouble.code === "not-kept" && state.failures === 1;
  return { state, step: isFirst ? { kind: "go-on" } : { kind: "wait", problem: trouble, retryAfterMs } };
}
