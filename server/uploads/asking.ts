import { defined } from "../defined.ts";
import type { FileFacts, ReceivingUpload } from "../model/upload.ts";

/** Somebody who is asked before an upload begins, and before its file is finished. */
export interface Asking {
  /** False when nobody is asked before an upload begins. Then a request takes its lock as soon as it arrives. */
  readonly asksBeforeBegin: boolean;
  /**
   * Gives the facts as they are to be, with another name or other folders perhaps. One upload may be asked about more
   * than once. Throws `not-wanted` and other refusals, `cannot-ask` when there is no answer, and `taken-over` when `stop`
   * aborts for that reason.
   */
  create<T extends FileFacts>(facts: T, stop?: AbortSignal): Promise<T>;
  /** The same for an upload whose bytes are all flushed, in its own entry. */
  finish(upload: ReceivingUpload): Promise<ReceivingUpload>;
}

/**
 * Asks about an upload that is to begin, with its length, if that is known; the facts have the length that their
 * protocol gave them all the same. Throws what {@linkcode Asking.create} throws.
 */
export async function askedWithLength<T extends FileFacts>(
  { asking }: { readonly asking: Asking },
  facts: T,
  length: number | undefined,
  stop?: AbortSignal,
): Promise<T> {
  const { name, folders } = await asking.create({ ...facts, ...defined({ length }) }, stop);
  return { ...facts, name, folders };
}

/** Nobody is asked. */
export const NOBODY_IS_ASKED: Asking = {
  asksBeforeBegin: false,
  create: (facts) => Promise.resolve(facts),
  finish: (upload) => Promise.resolve(upload),
};
