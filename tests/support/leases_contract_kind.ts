import { assert, assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../server/errors.ts";
import type { BytesState, Json, Lease, Leases } from "../../server/storage/shared/leases.ts";

/** Two instances on the same rows, with nothing in them. */
export interface Instances extends AsyncDisposable {
  readonly one: Leases;
  readonly other: Leases;
  /** Records a change of an upload's record, as the instance `one` does. */
  recorded(id: string): Promise<void>;
  /** From now on nobody hears anything from `one`. It still reaches the database. */
  silenceOne(): Promise<void>;
}

/** Makes a test, in which an instance counts as silent after `silenceMs`; by default after all patience. */
export type LeasesTest = (
  behaviour: string,
  run: (instances: Instances) => Promise<void>,
  silenceMs?: number,
) => void;

/** The layout of no bytes. */
export const NO_BYTES: Json = [];

/** The state of an upload with so many bytes. */
export const state = (length: number, isMultipart = false): BytesState => ({ layout: [length], length, isMultipart });

/** The lease that was taken. Throws where there is none. */
export function lease(taken: Lease | "locked" | "receiving" | undefined): Lease {
  assert(typeof taken === "object", `${taken}`);
  return taken;
}

/** Throws unless a commit is refused because its writer has lost the upload. */
export async function assertLost(commit: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(commit, UploadError)).code, "taken-over");
}
