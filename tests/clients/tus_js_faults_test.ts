import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { filesBelow } from "../faults/run.ts";
import { type PawlProcess, startPawl } from "../support/process.ts";
import { Source } from "../support/sources.ts";
import { startProxy } from "../support/tcp_proxy.ts";
import { tempDir } from "../support/temp_dir.ts";
import { assertWhole, bufferOf, countOf, patchOffsets, PATIENT, tusClient } from "../support/tus_clients.ts";

const MiB = 2 ** 20;
const SIZE = 12 * MiB + 4321;

for (const parallelUploads of [1, 4]) {
  Deno.test(`tus-js-client with ${parallelUploads} at a time goes on after every cut of its connections`, async () => {
    await using dir = await tempDir();
    await using pawl = await startPawl(dir.path);
    let connections = 0;
    let cuts = 0;
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
    const source = new Source(SIZE, parallelUploads);
    const upload = await client.upload(bufferOf(source), {
      parallelUploads,
      retryDelays: PATIENT,
      metadata: { filename: "film.mkv" },
    });
    assert(cuts >= 8, `Only ${cuts} connections were cut`);
    assertEquals(countOf("POST", client.requests), parallelUploads === 1 ? 1 : 5);
    assertEquals(client.requests.filter(({ status }) => status !== undefined && status >= 400 && status !== 423), []);
    for (const [url, sent] of Map.groupBy(client.requests, ({ url }) => url)) {
      const offsets = patchOffsets(sent);
      assertEquals(offsets, offsets.toSorted((a, b) => a - b), `${url} went back`);
    }
    await assertWhole(upload, { data: dir.path, name: "film.mkv", source, origin: pawl.url });
    assertEquals(await filesBelow(join(dir.path, "files")), ["film.mkv"]);
  });
}

Deno.test("an upload whose last answer is lost is known to be finished, and nothing is sent again", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  let lost = 0;
  await using proxy = await startProxy({
    to: pawl.port,
    plan: () => client.requests.at(-1)?.method === "PATCH" ? { kind: "reset", direction: "down", after: 0 } : undefined,
    onFault: () => lost++,
  });
  // Each request has a connection of its own: the last one sent is the one that is planned for.
  await using client = tusClient(`http://127.0.0.1:${proxy.port}/files/`, { keepAlive: false });
  const source = new Source(MiB, 7);
  const upload = await client.upload(bufferOf(source), { retryDelays: PATIENT, metadata: { filename: "film.mkv" } });
  assertEquals(lost, 1);
  assertEquals(client.requests.map(({ method, status }) => [method, status]), [
    ["POST", 201],
    ["PATCH", undefined],
    ["HEAD", 200],
  ]);
  await assertWhole(upload, { data: dir.path, name: "film.mkv", source, origin: pawl.url });
  assertEquals(await filesBelow(join(dir.path, "files")), ["film.mkv"]);
});

Deno.test("an upload in parts whose joining was done and its answer lost makes no second file, and sends nothing again", async () => {
  await using dir = await tempDir();
  await using pawl = await startPawl(dir.path);
  let lost = 0;
  await using proxy = await startProxy({
    to: pawl.port,
    plan() {
      const joins = client.requests.at(-1)?.concat?.startsWith("final;") ?? false;
      return joins && lost === 0 ? { kind: "reset", direction: "down", after: 0 } : undefined;
    },
    onFault: () => lost++,
  });
  await using client = tusClient(`http://127.0.0.1:${proxy.port}/files/`, { keepAlive: false });
  const source = new Source(SIZE, 8);
  const file = bufferOf(source);
  const options = { parallelUploads: 4, retryDelays: PATIENT, metadata: { filename: "film.mkv" } };
  // tus-js-client does not ask for the joining again by itself.
  const failed = await client.upload(file, options).then(() => undefined, (error: Error) => error);
  assertEquals(lost, 1);
  assert(failed instanceof Error);
  client.requests.splice(0);
  const upload = await client.resume(file, options);
  assertEquals(client.requests.map(({ method, status }) => `${method} ${status}`), [
    ...Array<string>(4).fill("HEAD 200"),
    "POST 201",
  ]);
  await assertWhole(upload, { data: dir.path, name: "film.mkv", source, origin: pawl.url });
  assertEquals(await filesBelow(join(dir.path, "files")), ["film.mkv"]);
});

for (const parallelUploads of [1, 4]) {
  Deno.test(`tus-js-client with ${parallelUploads} at a time goes on after the server is killed and comes back`, async () => {
    await using dir = await tempDir();
    await using first = await startPawl(dir.path);
    await using client = tusClient(`${first.url}/files/`, { keepAlive: false });
    const source = new Source(SIZE, 9);
    const restarted = Promise.withResolvers<PawlProcess>();
    let killed = false;
    const { finish } = client.create(bufferOf(source), {
      parallelUploads,
      chunkSize: MiB,
      retryDelays: PATIENT,
      metadata: { filename: "film.mkv" },
      onProgress(sent) {
        if (killed || sent < 6 * MiB) return;
        killed = true;
        first.stop("SIGKILL").then(() => startPawl(dir.path, { port: first.port })).then(
          restarted.resolve,
          restarted.reject,
        );
      },
    });
    const finished = finish();
    await using second = await Promise.race([restarted.promise, finished.then(() => restarted.promise)]);
    const upload = await finished;
    assertEquals(second.port, first.port);
    assertEquals(countOf("POST", client.requests), parallelUploads === 1 ? 1 : 5);
    assert(client.requests.some(({ status }) => status === undefined), "No request was broken");
    const accepted = new Map<string, number>();
    for (const { method, url, offset = 0, status } of client.requests) {
      if (method !== "PATCH") continue;
      assert(offset >= (accepted.get(url) ?? 0), `${url} went back to ${offset}`);
      if (status === 204) accepted.set(url, Math.max(accepted.get(url) ?? 0, offset + 1));
    }
    await assertWhole(upload, { data: dir.path, name: "film.mkv", source, origin: second.url });
    assertEquals(await filesBelow(join(dir.path, "files")), ["film.mkv"]);
  });
}
