import { BrokenConnection } from "./s3_error.ts";
import type { OpenAnswer } from "./transport.ts";

/** Bytes of an object. */
export interface Source {
  readonly key: string;
  readonly from: number;
  readonly size: number;
}

/** How often reading goes on after a break without a byte between. */
const MAX_BREAKS = 4;

/**
 * Reads all of a source. When the connection breaks, it goes on behind the last byte that came. Throws for another object
 * than one that `isMeant` takes by the headers of the answer.
 */
export async function* readAgain(
  open: (rest: Source) => Promise<OpenAnswer>,
  { key, from, size }: Source,
  isMeant: (headers: OpenAnswer["headers"]) => boolean = () => true,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  let etag: string | undefined;
  for (let breaks = 0; done < size;) {
    const answer = await open({ key, from: from + done, size: size - done });
    const { "content-range": range, etag: found } = answer.headers;
    etag ??= found;
    const isAsked = answer.status === 206 && range?.startsWith(`bytes ${from + done}-${from + size - 1}/`);
    if (!isAsked || found !== etag || !isMeant(answer.headers)) {
      answer.close();
      throw new Error(`The S3 server does not give the bytes of ${key} that were asked for`);
    }
    try {
      for await (const piece of answer.pieces()) {
        if (piece.length > size - done) throw new Error(`The S3 server gives more bytes of ${key} than there are`);
        done += piece.length;
        breaks = 0;
        yield piece;
      }
    } catch (error) {
      if (!(error instanceof BrokenConnection) || ++breaks > MAX_BREAKS) throw error;
      continue;
    }
    if (done < size && ++breaks > MAX_BREAKS) throw new Error(`The S3 server gives too few bytes of ${key}`);
  }
}
