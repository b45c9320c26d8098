import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { concat } from "../../../server/doctor/bytes.ts";
import { type ZippedFile, zipStream } from "../../../server/http/zip_stream.ts";
import { zipLength } from "../../../server/model/zip.ts";
import type { FinishedFile } from "../../../server/storage/store.ts";
import { someBytes } from "../../support/bytes.ts";
import { needsAll } from "../../support/needs_all.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { readZip, unzip } from "../../support/zip_reader.ts";

const MODIFIED = Date.UTC(2020, 1, 3, 4, 5, 6);

/** How many of the files are open, and the most that were. */
let open = 0;
let mostOpen = 0;

/** A file of pieces, each of which is good only until the next one is read, as the store gives them. */
function fileOf(
  name: string,
  content: Uint8Array<ArrayBuffer>,
  { length = content.length, modifiedAt = MODIFIED, pieceBytes = 100_000 }: {
    length?: number;
    modifiedAt?: number;
    pieceBytes?: number;
  } = {},
): ZippedFile {
  const opened = (): FinishedFile => {
    open++;
    mostOpen = Math.max(mostOpen, open);
    let at = 0;
    let last: Uint8Array<ArrayBuffer> | undefined;
    const read = () =>
      new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          last?.buffer.transfer(0);
          if (at === content.length) {
            open--;
            return controller.close();
          }
          controller.enqueue(last = content.slice(at, at + pieceBytes));
          at += last.length;
        },
        cancel: () => void open--,
      }, { highWaterMark: 0 });
    return {
      length,
      modifiedAt,
      head: (count) => Promise.resolve(content.slice(0, count)),
      read,
      close: () => void open--,
    };
  };
  return { name, length, open: () => Promise.resolve(opened()) };
}

/** Reads a stream as the runtime does: it is done with a piece when it asks for the next one. */
async function collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece.slice());
  return concat(pieces);
}

Deno.test("a ZIP file has its files as they are, in their order, with names in UTF-8 and their times", async () => {
  const contents = [0, 1, 65_535, 65_536, 65_537, 100_000, 250_001].map((length) => someBytes(length));
  const files = contents.map((content, at) => fileOf(`фото/${at}/日本 ${at}.bin`, content));
  const zip = await collect(zipStream(files));
  assertEquals(zip.length, zipLength(files));
  const found = unzip(zip);
  assertEquals(found.map(({ name }) => name), files.map(({ name }) => name));
  assertEquals(found.map(({ content }) => content), contents);
  assertEquals(found.map(({ modifiedAt }) => modifiedAt), files.map(() => MODIFIED / 1000));
  assertEquals(open, 0);
});

Deno.test("times that a ZIP file does not have are replaced by the nearest one", async () => {
  const times = [-(2 ** 45), Date.UTC(1960, 0, 1), 0, Date.UTC(2200, 0, 1)];
  const files = times.map((modifiedAt, at) => fileOf(`${at}`, someBytes(1), { modifiedAt }));
  const found = unzip(await collect(zipStream(files)));
  assertEquals(found.map(({ modifiedAt }) => modifiedAt), [
    -(2 ** 31),
    Date.UTC(1960, 0, 1) / 1000,
    0,
    2 ** 31 - 1,
  ]);
});

Deno.test("a ZIP file of no files is one", async () => {
  assertEquals(unzip(await collect(zipStream([]))), []);
  assertEquals(zipLength([]), 22);
});

Deno.test("a file that has another length than was told makes the ZIP file fail, and is closed", async () => {
  for (const [actual, length] of [[10, 11], [200_000, 200_001], [200_000, 199_999]] as const) {
    const files = [fileOf("a", someBytes(5)), fileOf("b", someBytes(actual), { length })];
    await assertRejects(() => collect(zipStream(files)), Error, `A file of ${length} bytes gave`);
  }
  const missing: ZippedFile = { name: "c", length: 1, open: () => Promise.reject(new Error("It is gone")) };
  await assertRejects(() => collect(zipStream([fileOf("a", someBytes(200_000)), missing])), Error, "It is gone");
  assertEquals(open, 0);
});

Deno.test("a ZIP file of many files has few of them open at a time", async () => {
  mostOpen = 0;
  await collect(
    zipStream(Array.from({ length: 100 }, (_, at) => fileOf(`${at}`, someBytes(at % 2 === 0 ? 1 : 70_000)))),
  );
  assertEquals([mostOpen, open], [3, 0]);
});

Deno.test("a ZIP file that nobody reads on keeps no file open", async () => {
  const files = [fileOf("a", someBytes(5)), fileOf("b", someBytes(300_000)), fileOf("c", someBytes(300_000))];
  const total = (await collect(zipStream(files))).length;
  for (let readBytes = 0; readBytes < total; readBytes += 100_000) {
    const reader = zipStream(files).getReader();
    for (let left = readBytes; left > 0;) left -= (await reader.read()).value?.length ?? left;
    await reader.cancel();
    assertEquals([readBytes, open], [readBytes, 0]);
  }
});

Deno.test("a ZIP file of more than 65 535 files has a ZIP64 record", async () => {
  for (const count of [65_534, 65_535]) {
    const files = Array.from({ length: count }, (_, at) => fileOf(`folder/${at}`, new Uint8Array()));
    const zip = await collect(zipStream(files));
    assertEquals([count, zip.length], [count, zipLength(files)]);
    assertEquals([count, unzip(zip).length], [count, count]);
    await assertAccepted(zip);
  }
});

Deno.test("a ZIP file of more than 4 GiB is right, in a file and behind it", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "large.zip");
  const zeros = new Uint8Array(2 ** 20);
  const large: ZippedFile = {
    name: "large.bin",
    length: 2 ** 32 + 5,
    open: () => Promise.resolve(zerosOf(2 ** 32 + 5, zeros)),
  };
  const files = [
    fileOf("before", someBytes(10)),
    large,
    fileOf("behind", someBytes(20)),
    fileOf("last", someBytes(30)),
  ];
  using file = await Deno.open(path, { create: true, read: true, write: true });
  for await (const piece of zipStream(files)) {
    // A hole in the file reads as zeros, and takes neither space nor time.
    if (piece.buffer === zeros.buffer) await file.seek(piece.length, Deno.SeekMode.Current);
    else for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
  }
  const { size } = await file.stat();
  assertEquals(size, zipLength(files));
  const found = readZip({
    length: size,
    read(start, length) {
      const bytes = new Uint8Array(length);
      file.seekSync(start, Deno.SeekMode.Start);
      for (let at = 0; at < length;) at += file.readSync(bytes.subarray(at)) ?? length;
      return bytes;
    },
  });
  assertEquals(found.map(({ name, length }) => [name, length]), files.map(({ name, length }) => [name, length]));
  assertEquals(found.at(-1)?.content, someBytes(30));
});

function zerosOf(length: number, zeros: Uint8Array<ArrayBuffer>): FinishedFile {
  let remaining = length;
  return {
    length,
    modifiedAt: MODIFIED,
    head: () => Promise.reject(new Error("Only small files are read so")),
    read: () =>
      new ReadableStream({
        pull(controller) {
          const piece = zeros.subarray(0, Math.min(remaining, zeros.length));
          remaining -= piece.length;
          controller.enqueue(piece);
          if (remaining === 0) controller.close();
        },
      }, { highWaterMark: 0 }),
    close: () => {},
  };
}

/** Has `unzip` of Info-ZIP test the ZIP file, where there is one. */
async function assertAccepted(zip: Uint8Array): Promise<void> {
  if (needsAll.ignore) return;
  await using dir = await tempDir();
  const path = join(dir.path, "a.zip");
  await Deno.writeFile(path, zip);
  try {
    const { success, stdout, stderr } = await new Deno.Command("unzip", { args: ["-tqq", path] }).output();
    assert(success, new TextDecoder().decode(new Uint8Array([...stdout.subarray(0, 500), ...stderr.subarray(0, 500)])));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
