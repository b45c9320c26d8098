import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { type Transport, Uploader, UploadError } from "../../../client/mod.ts";
import { startServer } from "../../support/pawl.ts";
import { startPawl } from "../../support/process.ts";
import { tempDir } from "../../support/temp_dir.ts";

const REQUEST_BYTES = 256 * 1024;

/** The transport of a program that is no browser. */
const fetchTransport: Transport = async ({ method, url, headers, body, onSent, signal }) => {
  const response = await fetch(url, { method, headers, body: await body?.bytes() ?? null, signal });
  onSent?.(body?.size ?? 0);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

function randomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, at + 65536));
  return bytes;
}

Deno.test("Uploader goes on from the last byte through kill -9 and restart of the server", async () => {
  await using dir = await tempDir();
  const data = join(dir.path, "data");
  await using first = await startPawl(data);
  const bytes = randomBytes(16 * REQUEST_BYTES + 123);
  const starts: number[] = [];
  let restarted: Promise<AsyncDisposable> | undefined;
  const uploader = new Uploader({
    file: new File([bytes], "отчёт.bin"),
    id: "report",
    endpoint: first.url,
    requestBytes: REQUEST_BYTES,
    random: () => 0.2,
    tries: 100,
    async transport(request) {
      if (request.method === "POST") starts.push(Number(request.headers["X-Start-Byte"]));
      const answer = fetchTransport(request);
      if (starts.length === 8) {
        restarted ??= first.stop("SIGKILL").then(() => startServer({ data, port: first.port }));
      }
      return await answer;
    },
  });
  assertEquals(await uploader.upload(), true);
  assert(restarted !== undefined);
  await using _second = await restarted;
  assert(starts.every((start, i) => start > (starts[i - 1] ?? -1) || start === starts[i - 1]), `Went back: ${starts}`);
  assertEquals((await Deno.readFile(join(data, "files/отчёт.bin"))).toHex(), bytes.toHex());
  assertEquals(new URL(uploader.location ?? "", first.url).pathname.slice(0, 7), "/files/");
});

Deno.test("Uploader sends a finished file only once, and an empty one too", async () => {
  await using dir = await tempDir();
  await using pawl = await startServer({ data: dir.path });
  for (const size of [0, 10]) {
    const file = new File([randomBytes(size)], `${size}.bin`);
    for (let time = 0; time < 2; time++) {
      const uploader = new Uploader({ file, id: `id-${size}`, endpoint: pawl.url, transport: fetchTransport });
      assertEquals(await uploader.upload(), true);
    }
  }
  const names = await Array.fromAsync(Deno.readDir(join(dir.path, "files")), ({ name }) => name);
  assertEquals(names.sort(), ["0.bin", "10.bin"]);
});

Deno.test("pause(), resume() and cancel() do on a server what they say", async () => {
  await using dir = await tempDir();
  await using pawl = await startServer({ data: dir.path });
  const file = new File([randomBytes(4 * REQUEST_BYTES)], "film.mkv");
  const options = { file, id: "film", endpoint: pawl.url, requestBytes: REQUEST_BYTES, transport: fetchTransport };
  const uploader = new Uploader(options);
  const paused = Promise.withResolvers<void>();
  const leave = uploader.on("progress", ({ state, confirmed }) => {
    if (confirmed >= 2 * REQUEST_BYTES) uploader.pause();
    if (state === "paused") paused.resolve();
  });
  const result = uploader.upload();
  await paused.promise;
  leave();
  await uploader.cancel();
  assertEquals([await result, uploader.progress.state], [false, "cancelled"]);
  const other = new Uploader(options);
  const held = await fetch(`${pawl.url}status`, { headers: { "X-File-Id": "film" } });
  assertEquals(await held.text(), "0");
  assertEquals(await other.upload(), true);
  await assertRejects(() => other.cancel(), UploadError);
  assertEquals((await Deno.stat(join(dir.path, "files/film.mkv"))).size, file.size);
});

Deno.test("cancel() deletes on a server a file that became whole by a request whose answer was lost", async () => {
  await using dir = await tempDir();
  await using pawl = await startServer({ data: dir.path });
  const file = new File([randomBytes(3 * REQUEST_BYTES)], "film.mkv");
  let isLost = false;
  const uploader: Uploader = new Uploader({
    file,
    id: "film",
    endpoint: pawl.url,
    requestBytes: REQUEST_BYTES,
    async transport(request) {
      const answer = await fetchTransport(request);
      if (request.headers["X-Start-Byte"] !== String(2 * REQUEST_BYTES)) return answer;
      isLost = true;
      throw new TypeError("The network broke");
    },
  });
  const waits = Promise.withResolvers<void>();
  uploader.on("state", (state) => state === "waiting" && waits.resolve());
  const result = uploader.upload();
  await waits.promise;
  await uploader.cancel();
  assertEquals([isLost, await result], [true, false]);
  assertEquals(await Array.fromAsync(Deno.readDir(join(dir.path, "files")), ({ name }) => name), []);
});

Deno.test("the server keeps metadata from the first byte on, through kill -9, and tus gives it back", async () => {
  await using dir = await tempDir();
  await using first = await startPawl(dir.path);
  const file = new File([randomBytes(3 * REQUEST_BYTES)], "film.mkv");
  const uploaderOf = (note: string) =>
    new Uploader({
      file,
      id: "film",
      metadata: { note },
      endpoint: first.url,
      requestBytes: REQUEST_BYTES,
      transport: fetchTransport,
    });
  const told = async (path: string | undefined) => {
    const answer = await fetch(new URL(path!, first.url), { method: "HEAD", headers: { "Tus-Resumable": "1.0.0" } });
    return [answer.headers.get("upload-offset"), answer.headers.get("upload-metadata")];
  };
  const kept = `note ${new TextEncoder().encode("für Anna 報").toBase64()}`;
  const broken = uploaderOf("für Anna 報");
  broken.on("progress", ({ confirmed }) => confirmed > 0 && broken.stop());
  assertEquals(await broken.upload(), false);
  await first.stop("SIGKILL");
  await using _second = await startServer({ data: dir.path, port: first.port });
  assertEquals(await told(broken.location), [String(REQUEST_BYTES), kept]);
  const again = uploaderOf("for Ben");
  assertEquals(await again.upload(), true);
  assertEquals([again.location, await told(again.location)], [broken.location, [String(file.size), kept]]);
});
