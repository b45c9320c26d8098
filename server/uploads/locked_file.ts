import { lockedElsewhere } from "../model/agree.ts";
import type { UnfinishedFile } from "../storage/store.ts";
import type { EngineDeps } from "./engine_deps.ts";

/** Makes the file of a new upload, for its one writer. Throws `locked` when another process has it. */
export async function createFile({ bytes }: Pick<EngineDeps, "bytes">, id: string): Promise<UnfinishedFile> {
  return unlessLocked(await bytes.create(id));
}

/**
 * Does `work` with the upload's file locked against other processes, if it has a file. An unfinished upload without a
 * byte gets an empty one meanwhile, because another process may be about to make its file. `unlock` closes the file
 * before the end; the space of a file that has no name any more is free then. Throws `locked`.
 */
export async function whileLocked<T>(
  deps: Pick<EngineDeps, "bytes" | "records">,
  id: string,
  work: (unlock: () => Promise<void>) => Promise<T>,
): Promise<T> {
  let file = unlessLocked(await deps.bytes.open(id));
  const isMadeHere = file === undefined && await mayGetFile(deps, id);
  if (isMadeHere) file = await createFile(deps, id);
  const unlock = async () => {
    const locked = file;
    file = undefined;
    await locked?.[Symbol.asyncDispose]();
  };
  try {
    return await work(unlock);
  } finally {
    try {
      if (isMadeHere) await deps.bytes.discard(id);
    } finally {
      await unlock();
    }
  }
}

async function mayGetFile({ records }: Pick<EngineDeps, "records">, id: string): Promise<boolean> {
  const upload = await records.get(id);
  return upload?.state === "receiving" && upload.offset === 0;
}

/** The file that was opened. Throws `locked` when another process has it. */
export function unlessLocked<T>(file: T | "locked" | "receiving"): T {
  if (file !== "locked" && file !== "receiving") return file;
  throw lockedElsewhere();
}
