import http from "node:http";
import type { AddressInfo } from "node:net";
import { parseBucketAddress } from "../../server/storage/s3/address.ts";
import { bodyOf } from "../../server/storage/s3/bucket.ts";
import { type OpenBucket, openBucket } from "../../server/storage/s3/open_bucket.ts";

/** A request as the server got it. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Answers a request. */
export type Answer = (asked: Asked, response: http.ServerResponse) => void;

/** A server that gives one scripted answer after the other, and a client of it that does not wait between attempts. */
export async function serving(
  answers: readonly Answer[],
  use: (opened: OpenBucket, asked: readonly Asked[]) => Promise<void>,
  options: Parameters<typeof openBucket>[1] = {},
): Promise<void> {
  const asked: Asked[] = [];
  const server = http.createServer(async (request, response) => {
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of request) pieces.push(piece);
    } catch {
      // The client has given it up.
      return;
    }
    const body = new TextDecoder().decode(await new Blob(pieces as BlobPart[]).arrayBuffer());
    const one = { method: request.method!, url: request.url!, headers: request.headers, body };
    const answer = answers[asked.push(one) - 1];
    if (answer === undefined) response.writeHead(500).end();
    else answer(one, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  using opened = openBucket(parseBucketAddress(`http://key:secret@127.0.0.1:${port}/bucket`), {
    retryMs: 1,
    ...options,
  });
  try {
    await use(opened, asked);
  } finally {
    opened[Symbol.dispose]();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** An answer of that status. */
export const status = (code: number, body = "", headers: http.OutgoingHttpHeaders = {}): Answer => (_, response) =>
  void response.writeHead(code, headers).end(body);
/** The body of an error. */
export const error = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>A\nword</Message></Error>`;
/** The connection breaks. */
export const cut: Answer = (_, response) => void response.destroy();
/** No answer comes. */
export const silent: Answer = () => {};
/** A body to be put. */
export const text = (value: string) => bodyOf(new TextEncoder().encode(value));
