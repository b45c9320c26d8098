import type { Pauses } from "./pauses.ts";
import type { RunParts } from "./run.ts";

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
