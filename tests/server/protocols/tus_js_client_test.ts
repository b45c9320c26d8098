import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Readable } from "node:stream";
import { Upload, type UploadOptions } from "tus-js-client";
import { someBytes } from "../../support/bytes.ts";
import { startServer, type TestServer } from "../../support/pawl.ts";

// The client that most pages use, Uppy among them, as it is.

const file = someBytes(2_000_000);

/** Uploads to the end, and gives the client's own view of it. */
function upload(
  server: TestServer,
  body: Uint8Array | Readable,
  options: Partial<UploadOptions> = {},
): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const client = new Upload(body instanceof Uint8Array ? Buffer.from(body) : body, {
      endpoint: `${server.url}files/`,
      retryDelays: [0, 50, 200],
      metadata: { filename: "a.bin" },
      ...options,
      onError: reject,
      onSuccess: () => resolve(client),
    });
    client.start();
  });
}

const WAYS: Record<string, Partial<UploadOptions>> = {
  "in one request": {},
  "in chunks": { chunkSize: 300_000 },
  "with its creation": { uploadDataDuringCreation: true },
  "in chunks, the first with its creation": { uploadDataDuringCreation: true, chunkSize: 300_000 },
  "in four partial uploads": { parallelUploads: 4 },
  "in three partial uploads, in chunks": { parallelUploads: 3, chunkSize: 200_000 },
  "by POST in the place of PATCH": { overridePatchMethod: true, chunkSize: 700_000 },
};

/** Its HTTP client (`node:http`) keeps connections, with their timers, for requests to come. */
const KEEPS = { sanitizeOps: false, sanitizeResources: false };

Deno.test("tus-js-client uploads a file in each of its ways, and an empty one", KEEPS, async (test) => {
  for (const [way, options] of Object.entries(WAYS)) {
    await test.step(way, async () => {
      await using server = await startServer();
      await upload(server, file, options);
      assertEquals(await server.finished("a.bin"), file);
      const { parallelUploads: _, ...forEmpty } = options;
      await upload(server, new Uint8Array(), { ...forEmpty, metadata: { filename: "пустой 🎉.bin" } });
      assertEquals(await server.finished("пустой 🎉.bin"), new Uint8Array());
      assertEquals([(await server.finishedNames()).length, await server.incomingNames()], [2, []]);
    });
  }
});

Deno.test("tus-js-client sends a stream whose length it learns at its end", KEEPS, async () => {
  await using server = await startServer();
  const stream = Readable.from([Buffer.from(file.subarray(0, 900_000)), Buffer.from(file.subarray(900_000))]);
  await upload(server, stream, { uploadLengthDeferred: true, chunkSize: 500_000 });
  assertEquals(await server.finished("a.bin"), file);
});

Deno.test("tus-js-client stops, goes on from where it was, and removes what it has sent", KEEPS, async () => {
  await using server = await startServer();
  const { promise: isStopped, resolve } = Promise.withResolvers<void>();
  const first = new Upload(Buffer.from(file), {
    endpoint: `${server.url}files/`,
    chunkSize: 300_000,
    metadata: { filename: "a.bin" },
    onProgress: (sent) => sent > 700_000 && void first.abort().then(resolve),
  });
  first.start();
  await isStopped;
  assert(first.url !== null);
  const resumedAt: number[] = [];
  await upload(server, file, { uploadUrl: first.url, onProgress: (sent) => void resumedAt.push(sent) });
  assert(resumedAt[0]! >= 600_000, `it went on from ${resumedAt[0]}`);
  assertEquals(await server.finished("a.bin"), file);
  await Upload.terminate(first.url);
  assertEquals(await server.finishedNames(), []);
});
