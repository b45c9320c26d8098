import { DigestCheck } from "../model/digest.ts";
import type { CompleteUpload, ReceivingUpload } from "../model/upload.ts";
import type { ByteStore, RecordStore } from "../storage/store.ts";
import { isOrphan, looksWhole } from "../uploads/repair.ts";
import { type Fault, faultOfComplete, faultOfUnfinished, type Subject } from "./faults.ts";

/** What {@linkcode look} looks at. */
export interface Eyes {
  readonly records: Pick<RecordStore, "get" | "claimant">;
  readonly bytes: ByteStore;
  /** True when something that is no folder lies at a path below one of the two folders. */
  readonly isThere: (folder: "incoming" | "files", path: string) => boolean;
  /** The boot that the machine is in; `undefined` when this process may not know it. */
  readonly boot: string | undefined;
}

/**
 * Looks at one thing, and gives what is wrong with it. Changes nothing. `before` is what an earlier look found: a file
 * whose bytes were wrong then is not read again.
 */
export async function look(eyes: Eyes, subject: Subject, before?: Fault): Promise<Fault | undefined> {
  try {
    return await lookClosely(eyes, subject, before);
  } catch (error) {
    return unreadable(placeOf(subject), error);
  }
}

async function lookClosely(eyes: Eyes, subject: Subject, before?: Fault): Promise<Fault | undefined> {
  const { records, bytes } = eyes;
  switch (subject.kind) {
    case "upload": {
      const upload = await records.get(subject.id);
      if (upload?.state === "receiving") return await lookAtUnfinished(eyes, upload);
      if (upload?.state === "complete") return await lookAtComplete(eyes, upload, before);
      return undefined;
    }
    case "entry": {
      const { name } = subject;
      // The entry may have got its record, or have lost its name, since the folder was read.
      if (!await isOrphan(bytes, name, await records.get(name)) || !eyes.isThere("incoming", name)) return undefined;
      return { kind: "orphan", place: `incoming/${name}`, id: name, what: "belongs to no upload" };
    }
    case "file": {
      const { path } = subject;
      if (await records.claimant(path) !== undefined || !eyes.isThere("files", path)) return undefined;
      return { kind: "unknown", place: `files/${path}`, what: "belongs to no upload" };
    }
  }
}

async function lookAtUnfinished({ bytes, boot }: Eyes, upload: ReceivingUpload): Promise<Fault | undefined> {
  const entryLength = await bytes.length(upload.id);
  const isPromised = !upload.relaxed || upload.boot === boot;
  const isWhole = !upload.relaxed && await looksWhole(bytes, upload);
  return faultOfUnfinished(upload, { entryLength }, { isPromised, isWhole });
}

async function lookAtComplete({ bytes }: Eyes, upload: CompleteUpload, before?: Fault): Promise<Fault | undefined> {
  const entryLength = await bytes.length(upload.id);
  const fault = faultOfComplete(upload, { entryLength, whereabouts: await bytes.find(upload) });
  if (fault !== undefined) return fault;
  return before?.kind === "damaged" || before?.kind === "unreadable" ? before : await lookAtBytes(bytes, upload);
}

/** Reads a finished file, and compares it with the digests that were checked when it was finished, if there are any. */
async function lookAtBytes(bytes: ByteStore, upload: CompleteUpload): Promise<Fault | undefined> {
  const { id, path, digests = [] } = upload;
  if (digests.length === 0) return undefined;
  try {
    const file = await bytes.openFinished(upload);
    // It was removed or replaced just now.
    if (file === undefined) return undefined;
    const check = new DigestCheck(digests);
    for await (const piece of file.read()) check.update(piece);
    const mismatch = check.mismatch();
    if (mismatch === undefined) return undefined;
    const what = `does not have the ${mismatch.algorithm} digest of upload ${id}`;
    return { kind: "damaged", place: `files/${path}`, id, what };
  } catch (error) {
    return unreadable(`files/${path}`, error);
  }
}

function unreadable(place: string, error: unknown): Fault {
  const why = error instanceof Error ? error.message : String(error);
  return { kind: "unreadable", place, what: `cannot be read: ${why}` };
}

function placeOf(subject: Subject): string {
  if (subject.kind === "upload") return `incoming/${subject.id}`;
  return subject.kind === "entry" ? `incoming/${subject.name}` : `files/${subject.path}`;
}
