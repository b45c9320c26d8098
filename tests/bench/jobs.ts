import { type Job, WrongResult } from "./peer.ts";
import { sha256Of, type SourceFile } from "./source.ts";

/** One file in one request. */
export function oneFile(file: SourceFile, signal: AbortSignal): Job {
  return {
    name: `${file.size / 2 ** 20} MiB`,
    bytes: file.size,
    run: (peer) => peer.upload(file, signal),
    async verify(peer) {
      const path = peer.received(file);
      const { size } = await Deno.stat(path);
      if (size !== file.size) throw new WrongResult(`Stored ${size} bytes of ${file.size}: ${path}`);
      const sha256 = await sha256Of(path, signal);
      if (sha256 !== file.sha256) throw new WrongResult(`Stored SHA-256 ${sha256}, sent ${file.sha256}: ${path}`);
    },
  };
}
