import type { Clock } from "../async/clock.ts";
import { during } from "../async/during.ts";
import type { Piece } from "../protocol/piece.ts";
import { firstState, nextStep, type SentBytes } from "./next_step.ts";
import type { Pauses } from "./pauses.ts";
import type { Pieces } from "./pieces.ts";
import { retryDelayMs, waitToRetry } from "./retry.ts";
import { type Problem, problem } from "../protocol/problem.ts";
import type { ProgressReporter } from "./progress.ts";
import type { Reply, Requests } from "../protocol/requests.ts";
import type { RequestSizes } from "./request_sizes.ts";
import type { Seats } from "./seats.ts";
import type { SignIns } from "../protocol/sign_ins.ts";
import type { UploadError } from "../protocol/upload_error.ts";
import { unlessAborted } from "../async/unless_aborted.ts";
import type { Snapshot } from "./snapshot.ts";

const PASSING_MS = 1000;
/** A check that takes less time does not change the state. */
const CHECKING_MS = 500;

/** The things that a run works with. */
export interface RunDeps {
  requests: Requests;
  pieces: Pieces;
  snapshot: Snapshot;
  sizes: RequestSizes;
  seats: Seats | undefined;
  progress: ProgressReporter;
  clock: Clock;
  random: () => number;
  signIns: SignIns;
  /** How many failures in a row, with nothing gained, end the run. */
  tries: number;
  /** Called with every reply, before anything follows from it. */
  onReply: (reply: Reply) => void;
  /** Called when a retry delay begins. Gives a signal that ends the delay. */
  delayBegins: () => AbortSignal;
  /** Called after a retry delay. The next try begins when the promise resolves. */
  beforeRetry: () => Promise<void>;
}

/** The reply to one request. `sent` is missing if the request only asked for the offset. */
interface Exchange extends Reply {
  sent?: Sent;
}

interface Sent extends SentBytes {
  piece: Piece;
  ms: number;
}

/**
 * Uploads a file from `offset` on. Without an `offset` it asks the server first. True when the server has the whole
 * file, false when `signal` aborts. Rejects with an `UploadError` when going on makes no sense.
 */
export async function runUpload(deps: RunDeps, signal: AbortSignal, offset?: number): Promise<boolean> {
  const { requests, pieces, snapshot, sizes, progress, clock, signIns } = deps;
  let state = firstState(offset);

  /** Asks the server how much it holds; `undefined` when `signal` aborts first. */
  async function ask(): Promise<Exchange | undefined> {
    progress.enter("asking");
    if (snapshot.isBegun) await unlessAborted(signal, snapshot.checkSample());
    return signal.aborted ? undefined : await requests.ask(signal);
  }

  /** Sends the piece that begins at `start`; `undefined` when `signal` aborts first. */
  async function sendFrom(start: number): Promise<Exchange | undefined> {
    const piece = await unlessAborted(signal, pieces.take(start));
    if (piece === undefined || signal.aborted) return undefined;
    if (pieces.isLast(piece)) await checkAll(piece);
    if (signal.aborted) return undefined;
    const send = () => sendPiece(piece);
    return await (deps.seats?.run({ isSmall: pieces.isOfSmallFile, signal }, send) ?? send());
  }

  /** Checks, before the last piece is sent, that the file still has what was sent of it. */
  async function checkAll(last: Piece): Promise<void> {
    await during(signal, async (checked) => {
      clock.wait(CHECKING_MS, checked).then(() => checked.aborted || progress.enter("checking"));
      await unlessAborted(signal, snapshot.checkAll(last, signal));
    });
  }

  async function sendPiece(piece: Piece): Promise<Exchange> {
    const { start, body } = piece;
    const beganAt = clock.now();
    progress.startSending(beganAt);
    let departed = 0;
    const onSent = (bytes: number) => {
      departed = bytes;
      progress.handOver(start + bytes, clock.now());
    };
    return await during(signal, async (answered) => {
      // The last piece waits less when the file is checked beside the piece before. An error is met again behind this one.
      pieces.lastAhead().then((last) => last && snapshot.checkAll(last, answered)).catch(() => {});
      passMeanwhile(() => departed === body.size, answered);
      // The smallest body is never cut. Otherwise nothing would ever arrive over a slow network path that buffers.
      const reply = await requests.send(piece, { signal, onSent, mayBeCut: !sizes.isSmallest });
      const ms = clock.now() - beganAt;
      snapshot.note(piece, ms);
      return { ...reply, sent: { piece, start, bytes: body.size, departed, ms } };
    });
  }

  /** Tells of the time that passes while no bytes depart, because no event comes then. */
  async function passMeanwhile(hasDeparted: () => boolean, answered: AbortSignal): Promise<void> {
    for (;;) {
      await clock.wait(PASSING_MS, answered);
      if (answered.aborted) return;
      progress.pass(clock.now(), { hasDeparted: hasDeparted() });
    }
  }

  /** Passes the facts of a reply on to the sizes of requests, the progress, and the snapshot of the file. */
  function learn({ meaning, sent }: Exchange): void {
    const { unclear } = state;
    if (meaning.kind === "cut" && sent !== undefined) sizes.cut(sent.departed, sent.ms);
    if (meaning.kind !== "held") return;
    const { offset } = meaning;
    if (unclear !== undefined) sizes.broken(unclear.departed, offset - unclear.start, unclear.bytes);
    if (sent !== undefined && offset === sent.start + sent.bytes) sizes.answered(sent.bytes, sent.ms);
    progress.confirm(offset, clock.now());
    snapshot.cutTo(offset);
  }

  /** Waits for the next try after `failures` in a row, and shows the problem meanwhile. */
  async function waitForNextTry(problem: Problem, failures: number, atLeastMs = 0): Promise<void> {
    const retryInMs = retryDelayMs(failures, deps.random(), atLeastMs);
    const ends = AbortSignal.any([signal, deps.delayBegins()]);
    progress.enter("waiting", { retryInMs, problem });
    await waitToRetry(clock, retryInMs, { signal: ends, atLeastMs });
    if (!signal.aborted) await unlessAborted(signal, deps.beforeRetry());
  }

  /**
   * Waits for a sign-in, and shows the problem meanwhile. If the last sign-in was of no use, the next try comes after a
   * retry delay.
   */
  async function waitForSignIn(error: UploadError, before: number): Promise<void> {
    const signedOut = problem("signed-out");
    progress.enter("waiting", { problem: signedOut });
    await unlessAborted(signal, signIns.ask(before, error));
    if (!signal.aborted && state.failures > 1) await waitForNextTry(signedOut, state.failures - 1);
  }

  while (!signal.aborted) {
    const signInsBefore = signIns.count;
    const exchange = await (state.offset === undefined ? ask() : sendFrom(state.offset));
    if (exchange === undefined) break;
    const { meaning, sent } = exchange;
    deps.onReply(exchange);
    if (signal.aborted && meaning.kind !== "complete") break;
    learn(exchange);
    if (sent !== undefined && isDamaged(exchange)) await unlessAborted(signal, snapshot.checkPiece(sent.piece));
    const { step, ...next } = nextStep(state, exchange, { sent, tries: deps.tries });
    state = next.state;
    if (step.kind === "complete") return true;
    if (step.kind === "failed") throw step.error;
    if (step.kind === "too-much" && !sizes.refused(sent?.bytes ?? 0)) throw step.error;
    if (step.kind === "signed-out") await waitForSignIn(step.error, signInsBefore);
    if (step.kind === "wait") await waitForNextTry(step.problem, state.failures, step.retryAfterMs);
  }
  return false;
}

/**
 * Waits until a pause is over or `stopped` aborts. Meanwhile it asks the server how much has arrived, and shows that,
 * because bytes may have arrived after the last answer.
 */
export async function standStill(
  { requests, sizes, progress, onReply }: RunDeps,
  pauses: Pauses,
  stopped: AbortSignal,
): Promise<void> {
  const resumed = pauses.over;
  // The pause was so short that nothing has to be shown.
  if (resumed === undefined) return;
  const { sent, confirmed } = progress.progress;
  const departed = sent - confirmed;
  progress.enter("paused");
  await during(stopped, async (signal) => {
    const asked = requests.ask(signal).then((reply) => {
      // After the pause, this answer would disturb the next stretch.
      if (signal.aborted || pauses.over !== resumed) return;
      onReply(reply);
      const { meaning } = reply;
      if (meaning.kind === "held") {
        sizes.broken(departed, meaning.offset - confirmed, departed);
        progress.confirm(meaning.offset);
      }
      // The file is whole already. The next stretch finds that out.
      if (meaning.kind === "complete") pauses.resume();
    });
    // The next stretch meets the same error.
    asked.catch(() => {});
    await resumed;
  });
}

function isDamaged({ meaning }: Reply): boolean {
  return meaning.kind === "retry" && meaning.problem.code === "damaged";
}
