import { Readable } from "node:stream";
import { assert, assertEquals } from "@std/assert";
import type { UploadOptions } from "tus-js-client";
import { startServer } from "../support/pawl.ts";
import { Source } from "../support/sources.ts";
import { startProxy } from "../support/tcp_proxy.ts";
import { assertWhole, bufferOf, countOf, patchOffsets, PATIENT, tusClient } from "../support/tus_clients.ts";

// The names that tus-js-client has for interop versions 5 and 6.
const PROTOCOLS = ["ietf-draft-03", "ietf-draft-05"];

const MiB = 2 ** 20;
const SIZE = 3 * MiB;

for (const protocol of PROTOCOLS) {
  // The types of 4.3.1 do not know this option.
  const spoken = { protocol } as UploadOptions;
  const named = (filename: string) => ({ ...spoken, metadata: { filename, filetype: "text/plain" } });

  Deno.test(`tus-js-client by ${protocol} uploads a file whole, in chunks, and with its creation`, async () => {
    await using pawl = await startServer({ durable: false });
    const ways: [name: string, options: UploadOptions, requests: string[]][] = [
      ["whole.txt", {}, ["POST 201", "PATCH 201"]],
      // The size is a multiple of the chunk's, so that the client never says which chunk is the last one.
      ["chunks.txt", { chunkSize: MiB }, ["POST 201", "PATCH 201", "PATCH 201", "PATCH 201"]],
      ["creation.txt", { uploadDataDuringCreation: true }, ["POST 201"]],
      ["first.txt", { uploadDataDuringCreation: true, chunkSize: 2 * MiB }, ["POST 201", "PATCH 201"]],
    ];
    for (const [index, [name, options, requests]] of ways.entries()) {
      await using client = tusClient(`${pawl.url}files/`);
      const source = new Source(SIZE, index);
      const upload = await client.upload(bufferOf(source), { ...named(name), ...options });
      assertEquals(client.requests.map(({ method, status }) => `${method} ${status}`), requests);
      await assertWhole(upload, { data: pawl.data, name, source, origin: pawl.url });
    }
  });

  Deno.test(`tus-js-client by ${protocol} uploads an empty file, and a stream whose length nobody knows`, async () => {
    await using pawl = await startServer({ durable: false });
    await using client = tusClient(`${pawl.url}files/`);
    const empty = new Source(0, 0);
    const upload = await client.upload(bufferOf(empty), named("empty.txt"));
    await assertWhole(upload, { data: pawl.data, name: "empty.txt", source: empty, origin: pawl.url });
    const source = new Source(SIZE + 4321, 40);
    const stream = Readable.from(source.pieces(0, source.size, 60_001), { objectMode: false });
    const options = { ...named("stream.txt"), chunkSize: MiB, uploadLengthDeferred: true };
    const sent = await client.upload(stream, options);
    await assertWhole(sent, { data: pawl.data, name: "stream.txt", source, origin: pawl.url });
  });

  Deno.test(`tus-js-client by ${protocol} goes on with an upload that it stopped, and removes one`, async () => {
    await using pawl = await startServer({ durable: false });
    await using client = tusClient(`${pawl.url}files/`);
    const source = new Source(SIZE, 1);
    const file = bufferOf(source);
    const options = { ...named("film.txt"), chunkSize: MiB, retryDelays: PATIENT };
    const stopped = await client.uploadUntil(MiB + 1, file, options);
    client.requests.splice(0);
    const resumed = await client.resume(file, options);
    assertEquals([resumed.url, countOf("POST", client.requests)], [stopped.url, 0]);
    const [first = NaN] = patchOffsets(client.requests);
    assert(first >= MiB && first < SIZE, `It went on at ${first}`);
    await assertWhole(resumed, { data: pawl.data, name: "film.txt", source, origin: pawl.url });
    client.requests.splice(0);
    await client.resume(file, options);
    assertEquals(client.requests.map(({ method, status }) => `${method} ${status}`), ["HEAD 204"]);

    const other = await client.uploadUntil(MiB + 1, bufferOf(new Source(SIZE + 1, 2)), options);
    await other.abort(true);
    assertEquals([client.requests.at(-1)?.method, client.requests.at(-1)?.status], ["DELETE", 204]);
    assertEquals(await pawl.incomingNames(), []);
  });

  Deno.test(`tus-js-client by ${protocol} goes on after every cut of its connections`, async () => {
    await using pawl = await startServer({ durable: false });
    let cuts = 0;
    let connections = 0;
    await using proxy = await startProxy({
      to: pawl.port,
      plan: () => ({
        kind: connections++ % 2 === 0 ? "cut" : "reset",
        direction: "up",
        after: 700_000 + connections * 1009,
      }),
      onFault: () => cuts++,
    });
    await using client = tusClient(`http://127.0.0.1:${proxy.port}/files/`, { keepAlive: false });
    const source = new Source(SIZE, 3);
    const upload = await client.upload(bufferOf(source), { ...named("film.txt"), retryDelays: PATIENT });
    assert(cuts >= 2, `Only ${cuts} connections were cut`);
    assertEquals(countOf("POST", client.requests), 1);
    const offsets = patchOffsets(client.requests);
    assertEquals(offsets, offsets.toSorted((a, b) => a - b));
    await assertWhole(upload, { data: pawl.data, name: "film.txt", source, origin: pawl.url });
    assertEquals(await pawl.finishedNames(), ["film.txt"]);
  });
}
