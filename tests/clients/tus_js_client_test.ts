import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { filesBelow } from "../faults/run.ts";
import { startPawl } from "../support/process.ts";
import { Source } from "../support/sources.ts";
import { tempDir } from "../support/temp_dir.ts";
import { assertWhole, bufferOf, countOf, patchOffsets, tusClient } from "../support/tus_clients.ts";

const MiB = 2 ** 20;
const SIZE = 5 * MiB + 4321;
const CHUNKS = [0, MiB, 2 * MiB, 3 * MiB, 4 * MiB, 5 * MiB];

Deno.test("tus-js-client uploads a file from the disk", async () => {
  await using dir = await tempDir();
  const data = join(dir.path, "data");
  await using pawl = await startPawl(data);
  await using client = tusClient(`${pawl.url}/files/`);
  const source = new Source(SIZE, 1);
  const path = join(dir.path, "film.mkv");
  await Deno.writeFile(path, source.bytes());

  const upload = await client.upload(createReadStream(path), { metadata: { filename: "film.mkv" } });
  assertEquals(client.requests.map(({ method, status }) => `${method} ${status}`), ["POST 201", "PATCH 204"]);
  await assertWhole(upload, { data, name: "film.mkv", source, origin: pawl.url });
});

Deno.test("tus-js-client uploads in chunks, with PATCH and with POST in its place", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  for (const overridePatchMethod of [false, true]) {
    await using client = tusClient(`${pawl.url}/files/`);
    const source = new Source(SIZE, overridePatchMethod ? 20 : 21);
    const name = `override-${overridePatchMethod}`;
    const accepted: number[] = [];
    const upload = await client.upload(bufferOf(source), {
      overridePatchMethod,
      chunkSize: MiB,
      metadata: { filename: name },
      onChunkComplete: (_, offset) => void accepted.push(offset),
    });
    const [created, ...chunks] = client.requests;
    assertEquals([created?.method, created?.status, created?.offset], ["POST", 201, undefined]);
    const method = overridePatchMethod ? "POST" : "PATCH";
    assertEquals(
      chunks.map((sent) => [sent.method, sent.status, sent.offset]),
      CHUNKS.map((offset) => [method, 204, offset]),
    );
    assertEquals(accepted, [...CHUNKS.slice(1), SIZE]);
    await assertWhole(upload, { data: dir.path, name, source, origin: pawl.url });
  }
});

Deno.test("tus-js-client sends the file, or its first chunk, with the creation", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  for (const [name, chunkSize, expected] of [["at-once", Infinity, []], ["first", MiB, CHUNKS.slice(1)]] as const) {
    await using client = tusClient(`${pawl.url}/files/`);
    const source = new Source(SIZE, 30);
    const upload = await client.upload(bufferOf(source), {
      chunkSize,
      uploadDataDuringCreation: true,
      metadata: { filename: name },
    });
    assertEquals(patchOffsets(client.requests), expected);
    assertEquals(client.requests.length, expected.length + 1);
    await assertWhole(upload, { data: dir.path, name, source, origin: pawl.url });
  }
});

Deno.test("tus-js-client uploads a stream whose length nobody knows before its end", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  await using client = tusClient(`${pawl.url}/files/`);
  const source = new Source(SIZE, 40);
  const upload = await client.upload(Readable.from(source.pieces(0, SIZE, 60_001), { objectMode: false }), {
    chunkSize: MiB,
    uploadLengthDeferred: true,
    metadata: { filename: "stream" },
  });
  assertEquals(patchOffsets(client.requests).slice(0, CHUNKS.length), CHUNKS);
  assertEquals(countOf("POST", client.requests), 1);
  await assertWhole(upload, { data: dir.path, name: "stream", source, origin: pawl.url });
});

Deno.test("tus-js-client keeps the names of files in every script", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  await using client = tusClient(`${pawl.url}/files/`);
  const names = ["보고서 최종.pdf", "报告（第一版）.pdf", 'отчёт "v1" #1 100% 🎉👩‍💻.pdf'];
  for (const [number, name] of names.entries()) {
    const source = new Source(100_000 + number, number);
    const upload = await client.upload(bufferOf(source), { metadata: { filename: name, filetype: "application/pdf" } });
    await assertWhole(upload, { data: dir.path, name, source, origin: pawl.url });
    const answer = await fetch(upload.url ?? "", { method: "HEAD" });
    const [, served = ""] = /filename\*=UTF-8''(.*)$/.exec(answer.headers.get("content-disposition") ?? "") ?? [];
    assertEquals(decodeURIComponent(served), name);
  }
  assertEquals(await filesBelow(join(dir.path, "files")), names.toSorted());
});

Deno.test("tus-js-client uploads an empty file", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  await using client = tusClient(`${pawl.url}/files/`);
  const source = new Source(0, 0);
  const upload = await client.upload(bufferOf(source), { metadata: { filename: "empty.txt" } });
  assertEquals(client.requests.map(({ method, status }) => `${method} ${status}`), ["POST 201"]);
  await assertWhole(upload, { data: dir.path, name: "empty.txt", source, origin: pawl.url });
});
