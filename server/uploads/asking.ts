import type { FileFacts, ReceivingUpload } from "../model/upload.ts";

/** Somebody who is asked before an upload begins, and before its file is finished. */
export interface Asking {
  /**
   * Gives the facts as they are to be, with another name or other folders perhaps. One upload may be asked about more
   * than once. Throws `not-wanted` and other refusals, and `cannot-ask` when there is no answer.
   */
  create<T extends FileFacts>(facts: T): Promise<T>;
  /** The same for an upload whose bytes are all flushed, in its own entry. */
  finish(upload: ReceivingUpload): Promise<ReceivingUpload>;
}

/** Nobody is asked. */
export const NOBODY_IS_ASKED: Asking = {
  create: (facts) => Promise.resolve(facts),
  finish: (upload) => Promise.resolve(upload),
};
