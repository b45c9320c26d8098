import { join } from "@std/path";
import { sha256Of, sha256OfStream } from "../support/sources.ts";
import { runPawl } from "../support/process.ts";
import type { Account } from "./account.ts";
import { compare, remove } from "./finished.ts";
import type { Town } from "./town.ts";

/** Asks, after the last restart, for everything that is still there: no acknowledged byte of it may be missing. */
export async function checkAll(town: Town, data: string): Promise<void> {
  for (const upload of town.unfinished) {
    try {
      const told = await upload.askIn(town);
      if (told === undefined || upload.location === undefined) continue;
      if (upload.isFinished) {
        await compare(town, { source: upload.file.source, location: upload.location, about: upload.about });
      } else await compareUnfinished(upload, told.offset, data, town.account);
    } catch (error) {
      town.account.fault(`${upload.about} gives no answer at the end: ${error}`);
    }
  }
  // A server that is killed between the file and its record says that the file is missing, until it is asked again.
  for (const file of town.deleting) await remove(town, file, { wasAsked: true });
  for (const file of town.kept) await compare(town, file);
}

/** Compares the bytes of an unfinished upload on disk, as far as the server has told that it has them. */
async function compareUnfinished(
  { location = "", file, about }: Town["unfinished"][number],
  offset: number,
  data: string,
  account: Account,
): Promise<void> {
  if (offset === 0) return;
  const path = join(data, "incoming", location.slice("/files/".length));
  const kept = await sha256OfStream(upTo((await Deno.open(path)).readable, offset));
  account.comparedBytes += kept.size;
  const isSame = kept.size === offset && kept.sha256 === sha256Of(file.source.pieces(0, offset));
  if (!isSame) account.fault(`${about} has other bytes on disk than were sent, among its first ${offset}`);
}

function upTo(stream: ReadableStream<Uint8Array>, bytes: number): ReadableStream<Uint8Array> {
  let remaining = bytes;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        controller.enqueue(piece.subarray(0, remaining));
        remaining -= Math.min(remaining, piece.length);
        if (remaining === 0) controller.terminate();
      },
    }),
  );
}

/** Runs `verify` on the folder of a server that has ended; gives its last line. */
export async function verify(data: string, account: Account): Promise<string> {
  const { code, stdout, stderr } = await runPawl(["verify", "--data", data]);
  if (code !== 0) account.fault(`verify ended with ${code}:\n${stdout}${stderr}`);
  return stdout.trimEnd().split("\n").at(-1) ?? "";
}
