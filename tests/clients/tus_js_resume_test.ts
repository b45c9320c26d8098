import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import * as tus from "tus-js-client";
import { filesBelow } from "../faults/run.ts";
import { startPawl } from "../support/process.ts";
import { Source } from "../support/sources.ts";
import { tempDir } from "../support/temp_dir.ts";
import { assertWhole, bufferOf, countOf, patchOffsets, PATIENT, tusClient } from "../support/tus_clients.ts";

const MiB = 2 ** 20;
const SIZE = 16 * MiB + 4321;

Deno.test("tus-js-client goes on with an upload that it stopped, from what the server has", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  await using client = tusClient(`${pawl.url}/files/`);
  const source = new Source(SIZE, 1);
  const file = bufferOf(source);
  const options: tus.UploadOptions = { chunkSize: 4 * MiB, retryDelays: PATIENT, metadata: { filename: "film.mkv" } };

  const stopped = await client.uploadUntil(8 * MiB, file, options);
  const before = client.requests.splice(0);
  const resumed = await client.resume(file, options);
  assertEquals(resumed.url, stopped.url);
  assertEquals(countOf("POST", before), 1);
  assertEquals(countOf("POST", client.requests), 0);
  const [first = NaN] = patchOffsets(client.requests);
  assert(first >= 8 * MiB && first < SIZE, `It went on at ${first}`);
  await assertWhole(resumed, { data: dir.path, name: "film.mkv", source, origin: pawl.url });
  assertEquals(await filesBelow(join(dir.path, "files")), ["film.mkv"]);
});

for (const parallelUploads of [1, 4]) {
  Deno.test(`tus-js-client with ${parallelUploads} at a time sends nothing of a file that is finished`, async () => {
    await using dir = await tempDir();
    await using pawl = await startPawl(dir.path);
    await using client = tusClient(`${pawl.url}/files/`);
    const source = new Source(MiB, 6);
    const file = bufferOf(source);
    const first = await client.upload(file, { parallelUploads, metadata: { filename: "film.mkv" } });
    client.requests.splice(0);
    const again = await client.resume(file, { parallelUploads, metadata: { filename: "film.mkv" } });
    assertEquals(
      client.requests.map(({ method, status }) => `${method} ${status}`),
      parallelUploads === 1 ? ["HEAD 200"] : [...Array<string>(4).fill("HEAD 200"), "POST 201"],
    );
    assertEquals(again.url, first.url);
    await assertWhole(again, { data: dir.path, name: "film.mkv", source, origin: pawl.url });
    assertEquals(await filesBelow(join(dir.path, "files")), ["film.mkv"]);
  });
}

Deno.test("tus-js-client uploads in four parts at a time, and one file comes of it", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  await using client = tusClient(`${pawl.url}/files/`);
  const source = new Source(SIZE, 2);
  const upload = await client.upload(bufferOf(source), { parallelUploads: 4, metadata: { filename: "whole" } });
  const concats = client.requests.filter(({ method }) => method === "POST").map(({ concat }) => concat?.split(";")[0]);
  assertEquals(concats, ["partial", "partial", "partial", "partial", "final"]);
  assertEquals(client.requests.filter(({ status = 0 }) => status >= 300), []);
  await assertWhole(upload, { data: dir.path, name: "whole", source, origin: pawl.url });
  assertEquals(await filesBelow(join(dir.path, "files")), ["whole"]);
});

Deno.test("tus-js-client uploads in four parts what is too small for them, each sent with its creation", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  for (const size of [0, 1, 5]) {
    await using client = tusClient(`${pawl.url}/files/`);
    const source = new Source(size, size);
    const upload = await client.upload(bufferOf(source), {
      parallelUploads: 4,
      uploadDataDuringCreation: true,
      metadata: { filename: `${size} bytes` },
    });
    assertEquals(client.requests.map(({ method, status }) => `${method} ${status}`), Array(5).fill("POST 201"));
    await assertWhole(upload, { data: dir.path, name: `${size} bytes`, source, origin: pawl.url });
  }
  assertEquals(await filesBelow(join(dir.path, "files")), ["0 bytes", "1 bytes", "5 bytes"]);
});

Deno.test("tus-js-client goes on with an upload in four parts that it stopped", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  await using client = tusClient(`${pawl.url}/files/`);
  const source = new Source(SIZE, 3);
  const file = bufferOf(source);
  const options: tus.UploadOptions = {
    parallelUploads: 4,
    chunkSize: MiB,
    retryDelays: PATIENT,
    metadata: { filename: "whole" },
  };

  await client.uploadUntil(8 * MiB, file, options);
  const before = client.requests.splice(0);
  const resumed = await client.resume(file, options);
  assertEquals(countOf("POST", before), 4);
  assertEquals(countOf("POST", client.requests), 1);
  const accepted = before.filter(({ method, status }) => method === "PATCH" && status === 204).length;
  const again = countOf("PATCH", client.requests);
  // Each part has 4 MiB and one chunk that is not whole.
  assert(
    accepted > 0 && accepted + again <= 4 * 5 + 4,
    `${accepted} chunks were accepted, and ${again} came after them`,
  );
  await assertWhole(resumed, { data: dir.path, name: "whole", source, origin: pawl.url });
  assertEquals(await filesBelow(join(dir.path, "files")), ["whole"]);
});

Deno.test("Upload.abort(true) takes an unfinished upload away", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  await using client = tusClient(`${pawl.url}/files/`);
  const source = new Source(SIZE, 4);
  const file = bufferOf(source);
  const options: tus.UploadOptions = { chunkSize: 4 * MiB, retryDelays: PATIENT, metadata: { filename: "film.mkv" } };

  const stopped = await client.uploadUntil(4 * MiB, file, options);
  assertEquals((await client.remembered(file)).length, 1);
  await stopped.abort(true);
  assertEquals(client.requests.at(-1)?.method, "DELETE");
  assertEquals(client.requests.at(-1)?.status, 204);
  await assertGone(stopped.url, dir.path);
  assertEquals(await client.remembered(file), []);

  const again = await client.upload(file, options);
  assert(again.url !== stopped.url);
  await assertWhole(again, { data: dir.path, name: "film.mkv", source, origin: pawl.url });
});

Deno.test("a client whose upload was terminated by another begins again, and brings it whole", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  await using client = tusClient(`${pawl.url}/files/`);
  const source = new Source(SIZE, 5);
  const file = bufferOf(source);
  const options: tus.UploadOptions = { chunkSize: 4 * MiB, retryDelays: PATIENT, metadata: { filename: "film.mkv" } };

  const stopped = await client.uploadUntil(4 * MiB, file, options);
  await tus.Upload.terminate(stopped.url ?? "", { retryDelays: PATIENT });
  await assertGone(stopped.url, dir.path);
  client.requests.splice(0);
  const resumed = await client.resume(file, options);
  assertEquals(client.requests.slice(0, 2).map(({ method, status }) => `${method} ${status}`), [
    "HEAD 404",
    "POST 201",
  ]);
  assertEquals(patchOffsets(client.requests)[0], 0);
  await assertWhole(resumed, { data: dir.path, name: "film.mkv", source, origin: pawl.url });
  assertEquals(await filesBelow(join(dir.path, "files")), ["film.mkv"]);
});

async function assertGone(url: string | null, data: string): Promise<void> {
  const answer = await fetch(url ?? "", { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } });
  assertEquals(answer.status, 404);
  assertEquals(answer.headers.get("upload-offset"), null);
  assertEquals(await filesBelow(join(data, "incoming")), []);
  assertEquals(await filesBelow(join(data, "files")), []);
}
