import type { Clock } from "../async/clock.ts";
import type { Piece } from "../protocol/piece.ts";
import type { Pauses } from "./pauses.ts";
import type { Pieces } from "./pieces.ts";
import { retryDelaySeconds, waitToRetry } from "./retry.ts";
import { type Problem, problem } from "../protocol/problem.ts";
import type { ProgressReporter } from "./progress.ts";
import type { Reply, Requests } from "../protocol/requests.ts";
import type { RequestSizes } from "./request_sizes.ts";
import { unlessAborted } from "../async/unless_aborted.ts";
import type { Snapshot } from "./snapshot.ts";
import { UploadError } from "../protocol/upload_error.ts";

const TIMES_DAMAGED = 5;
const SLOW_DOWN_SECONDS = 1;
/** What takes less is not told. */
const CHECKING_SECONDS = 0.5;

/** What an upload is run with. */
export interface RunParts {
  requests: Requests;
  pieces: Pieces;
  snapshot: Snapshot;
  sizes: RequestSizes;
  progress: ProgressReporter;
  clock: Clock;
  random: () => number;
  /** How many failures in a row, with nothing gained, end it. */
  tries: number;
  /** Sees every reply, before anything follows from it. */
  onReply: (reply: Reply) => void;
  /** Gives a signal that ends the pause that begins now. */
  pause: () => AbortSignal;
  /** The next try begins when this resolves. */
  beforeRetry: () => Promise<void>;
}

interface Sent {
  reply: Reply;
  piece: Piece;
  start: number;
  /** Bytes of the body, and of these the ones that have left. */
  bytes: number;
  left: number;
  seconds: number;
}

/**
 * Uploads a file from `offset`, or from where the server is when that is not known. True when the server has the whole
 * file, false when `signal` aborts. Rejects with an `UploadError` when going on makes no sense.
 */
export async function runUpload(parts: RunParts, signal: AbortSignal, offset?: number): Promise<boolean> {
  const { requests, pieces, snapshot, sizes, progress, tries } = parts;
  /** The most that the server held so far. Only more than this counts failures anew: one that loses bytes must not loop. */
  let furthest = -1;
  let failures = 0;
  let damages = 0;
  /** The last request, when nobody knows what came of it. */
  let unclear: Sent | undefined;
  while (!signal.aborted) {
    const start = offset;
    let sent: Sent | undefined;
    let reply: Reply;
    if (start === undefined) {
      progress.enter("asking");
      if (snapshot.isBegun) await unlessAborted(signal, snapshot.checkSample());
      if (signal.aborted) break;
      reply = await requests.ask(signal);
    } else {
      const piece = await unlessAborted(signal, pieces.take(start));
      if (piece === undefined || signal.aborted) break;
      if (pieces.isLast(piece)) await checkAll(parts, piece, signal);
      if (signal.aborted) break;
      sent = await sendPiece(parts, piece, signal);
      snapshot.note(piece, sent.seconds);
      reply = sent.reply;
    }
    parts.onReply(reply);
    const { meaning } = reply;
    if (meaning.kind === "complete") return true;
    if (signal.aborted) break;
    if (meaning.kind === "refused") throw meaning.error;
    if (meaning.kind === "too-much") {
      if (!sizes.refused(sent?.bytes ?? 0)) throw meaning.error;
      continue;
    }
    if (meaning.kind === "held") {
      offset = meaning.offset;
      if (unclear !== undefined) sizes.broken(unclear.left, offset - unclear.start, unclear.bytes);
      if (sent !== undefined && offset === sent.start + sent.bytes) sizes.answered(sent.bytes, sent.seconds);
      unclear = undefined;
      progress.confirm(offset);
      snapshot.cutTo(offset);
      if (offset > furthest) {
        furthest = offset;
        failures = damages = 0;
      }
      // An answer to a question, or a step forward.
      if (start === undefined || offset > start) continue;
    } else {
      offset = undefined;
      // What was verified has arrived, whatever was wrong with it.
      unclear = isDamaged(meaning) ? undefined : sent ?? unclear;
    }
    if (meaning.kind === "cut") {
      sizes.cut(sent?.left ?? 0, sent?.seconds ?? 1);
      continue;
    }
    if (sent !== undefined && isDamaged(meaning)) await unlessAborted(signal, snapshot.checkPiece(sent.piece));
    failures++;
    const trouble = meaning.kind === "retry" ? meaning.problem : problem("not-kept");
    if (failures >= tries) throw noProgress(failures, trouble);
    if (isDamaged(meaning) && ++damages >= TIMES_DAMAGED) throw alwaysDamaged();
    if (meaning.kind === "retry" || failures > 1) {
      await waitForNextTry(parts, trouble, { failures, reply, signal });
    }
  }
  return false;
}

/**
 * Waits until a pause is over or `stopped` aborts, and shows meanwhile what has arrived: the last answer is older than
 * the last bytes.
 */
export async function standStill(
  { requests, sizes, progress, onReply }: RunParts,
  pauses: Pauses,
  stopped: AbortSignal,
): Promise<void> {
  const resumed = pauses.over;
  // It was so short that nothing has to be told of it.
  if (resumed === undefined) return;
  const { sent, confirmed } = progress.progress;
  const left = sent - confirmed;
  progress.enter("paused");
  const over = new AbortController();
  const signal = AbortSignal.any([stopped, over.signal]);
  const asked = requests.ask(signal).then((reply) => {
    // After the pause, this would be told of the next stretch.
    if (signal.aborted || pauses.over !== resumed) return;
    onReply(reply);
    const { meaning } = reply;
    if (meaning.kind === "held") {
      sizes.broken(left, meaning.offset - confirmed, left);
      progress.confirm(meaning.offset);
    }
    // It was whole already: the next stretch finds that out.
    if (meaning.kind === "complete") pauses.resume();
  });
  await resumed;
  over.abort();
  await asked;
}

async function sendPiece(
  { requests, sizes, progress, clock }: RunParts,
  piece: Piece,
  signal: AbortSignal,
): Promise<Sent> {
  const { start, body } = piece;
  const beganAt = clock.now();
  progress.startSending(beganAt);
  let left = 0;
  const onSent = (bytes: number) => {
    left = bytes;
    progress.handOver(start + bytes, clock.now());
  };
  const answered = new AbortController();
  slowDownMeanwhile(progress, clock, answered.signal);
  try {
    // The smallest is never cut: on a way that buffers, nothing would ever arrive.
    const reply = await requests.send(piece, { signal, onSent, mayBeCut: !sizes.isSmallest });
    return { reply, piece, start, bytes: body.size, left, seconds: clock.now() - beganAt };
  } finally {
    answered.abort();
  }
}

/** Before the last piece goes: what went before it must still be in the file. */
async function checkAll({ snapshot, progress, clock }: RunParts, last: Piece, signal: AbortSignal): Promise<void> {
  const checked = new AbortController();
  clock.wait(CHECKING_SECONDS, AbortSignal.any([signal, checked.signal])).then(() => {
    if (!signal.aborted && !checked.signal.aborted) progress.enter("checking");
  });
  try {
    await unlessAborted(signal, snapshot.checkAll(last, signal));
  } finally {
    checked.abort();
  }
}

/** Without bytes that leave, nobody else tells that none do. */
async function slowDownMeanwhile(progress: ProgressReporter, clock: Clock, answered: AbortSignal): Promise<void> {
  for (;;) {
    await clock.wait(SLOW_DOWN_SECONDS, answered);
    if (answered.aborted) return;
    progress.slowDown(clock.now());
  }
}

/** Waits for the next try, and shows why. */
async function waitForNextTry(
  { progress, clock, random, pause, beforeRetry }: RunParts,
  trouble: Problem,
  { failures, reply: { meaning }, signal }: { failures: number; reply: Reply; signal: AbortSignal },
): Promise<void> {
  const atLeastSeconds = meaning.kind === "retry" ? meaning.retryAfterSeconds ?? 0 : 0;
  const retryInSeconds = retryDelaySeconds(failures, random(), atLeastSeconds);
  const ends = AbortSignal.any([signal, pause()]);
  progress.enter("waiting", { retryInSeconds, problem: trouble });
  await waitToRetry(clock, retryInSeconds, { signal: ends, atLeastSeconds });
  if (!signal.aborted) await unlessAborted(signal, beforeRetry());
}

function isDamaged(meaning: Reply["meaning"]): boolean {
  return meaning.kind === "retry" && meaning.problem.code === "damaged";
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
