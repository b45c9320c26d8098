import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { createReadOut, type ReadOut } from "../../../../server/storage/disk/read_out.ts";
import { tempDir } from "../../../support/temp_dir.ts";

const MIB = 2 ** 20;
const LENGTH = 64 * MIB;
const SMALL = 64 * 1024;

Deno.test("createReadOut() gives a fast client large pieces, and small ones when it is slow again", async () => {
  await using files = await sparseFiles();
  let now = 0;
  const { pieceAfter, reader } = await files.read(createReadOut({ now: () => now }));
  assertEquals(await pieceAfter(4 * MIB), SMALL);
  assert(await pieceAfter(8 * MIB) > SMALL);
  now += 1000;
  assertEquals(await pieceAfter(0), SMALL);
  assertEquals(await pieceAfter(4 * MIB), SMALL);
  assert(await pieceAfter(8 * MIB) > SMALL);
  await reader.cancel();
});

Deno.test("createReadOut() gives large pieces to so many clients at a time, and to others when those end", async () => {
  await using files = await sparseFiles();
  const readOut = createReadOut({ now: () => 0 });
  const clients = [];
  for (let i = 0; i < 40; i++) clients.push(await files.read(readOut));
  const sizes = await Promise.all(clients.map(({ pieceAfter }) => pieceAfter(8 * MIB)));
  const largest = Math.max(...sizes);
  const held = sizes.filter((size) => size > SMALL).length;
  assert(held > 0 && held * largest * 3 <= 48 * MIB, `${held} clients have pieces of ${largest} bytes`);
  const without = clients[sizes.indexOf(SMALL)]!;
  assertEquals(await without.pieceAfter(0), SMALL);
  await clients[sizes.indexOf(largest)]!.reader.cancel();
  assertEquals(await without.pieceAfter(0), largest);
  for (const { reader } of clients) await reader.cancel();
});

Deno.test("createReadOut() keeps no memory of a piece when the next one is asked for", async () => {
  await using files = await sparseFiles();
  const { reader } = await files.read(createReadOut());
  const { value } = await reader.read();
  assertEquals(value!.length, SMALL);
  await reader.read();
  assertEquals(value!.length, 0);
  await reader.cancel();
});

Deno.test("createReadOut() gives no byte that a file has more than was said", async () => {
  await using files = await sparseFiles();
  const { reader } = await files.read(createReadOut(), LENGTH - 1);
  let bytes = 0;
  for (let { value } = await reader.read(); value !== undefined; { value } = await reader.read()) bytes += value.length;
  assertEquals(bytes, LENGTH - 1);
});

Deno.test("createReadOut() closes the file at its end, when cancelled during a read, and when it is too short", async () => {
  await using files = await sparseFiles();
  const atEnd = await files.read(createReadOut());
  for (let left = LENGTH; left > 0;) left -= (await atEnd.reader.read()).value!.length;
  assertEquals((await atEnd.reader.read()).done, true);
  const cancelled = await files.read(createReadOut());
  const pending = cancelled.reader.read();
  await cancelled.reader.cancel();
  await pending;
  const short = await files.read(createReadOut(), LENGTH + 1);
  await assertRejects(
    async () => {
      while (!(await short.reader.read()).done);
    },
    Error,
    "lost the last 1 ",
  );
  for (const { file } of [atEnd, cancelled, short]) await assertRejects(() => file.stat(), Deno.errors.BadResource);
});

interface Client {
  readonly file: Deno.FsFile;
  readonly reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  /** Takes so many bytes, and gives the size of the piece that comes then. */
  pieceAfter(bytes: number): Promise<number>;
}

interface SparseFiles extends AsyncDisposable {
  read(readOut: ReadOut, length?: number): Promise<Client>;
}

/** A file of {@linkcode LENGTH} bytes that takes no space. */
async function sparseFiles(): Promise<SparseFiles> {
  const dir = await tempDir();
  const path = join(dir.path, "sparse");
  await Deno.writeFile(path, new Uint8Array());
  await Deno.truncate(path, LENGTH);
  return {
    async read(readOut, length = LENGTH) {
      const file = await Deno.open(path);
      const reader = readOut(file, { start: 0, end: length }, length).getReader();
      const next = async () => (await reader.read()).value!.length;
      return {
        file,
        reader,
        async pieceAfter(bytes) {
          for (let left = bytes; left > 0;) left -= await next();
          return await next();
        },
      };
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}
