import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { fileId as idOf } from "../../../client/upload/file_id.ts";
import { hashOf, sampleOf } from "../../../client/upload/file_id.ts";
import { ChangedFile } from "../support/set_up.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
const KIB = 1024;

function fileOf(content: BlobPart, name = "отчёт 1.pdf", lastModified = 20): File {
  return new File([content], name, { lastModified });
}

async function fileId(file: File, about: { path?: string; secret: string }): Promise<string> {
  return idOf(file, { ...about, sample: await sampleOf(file) });
}

Deno.test("fileId() tells files apart by name or path, size, time, bytes and browser, in printable ASCII", async () => {
  const ids = await Promise.all([
    fileId(fileOf("0123456789"), { secret: SECRET }),
    fileId(fileOf("0123456789", "b"), { secret: SECRET }),
    fileId(fileOf("0123456789a"), { secret: SECRET }),
    fileId(fileOf("0123456789", undefined, 21), { secret: SECRET }),
    fileId(fileOf("0123456788"), { secret: SECRET }),
    fileId(fileOf("0123456789"), { secret: SECRET, path: "folder/отчёт 1.pdf" }),
    fileId(fileOf("0123456789"), { secret: SECRET.replaceAll("0", "1") }),
  ]);
  assert(/^%D0[\x21-\x7e]+%201\.pdf-10-20-[0-9a-f]{16}-[0-9a-f]{32}$/.test(ids[0]!), ids[0]);
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(await fileId(fileOf("0123456789"), { secret: SECRET }), ids[0], "The same file has the same id again");
});

Deno.test("fileId() has no part that differs from page to page where the browser keeps no secret", async () => {
  const id = await fileId(fileOf("abc", "a"), { secret: "" });
  assertEquals(id, await fileId(fileOf("abc", "a"), { secret: "" }));
  assert(/^a-3-20-[0-9a-f]{16}$/.test(id), id);
});

Deno.test("fileId() keeps the longest names apart within 1024 bytes", async () => {
  const ids = await Promise.all(["a", "b"].map((end) => {
    const file = new File(["x"], "報".repeat(254) + end, { lastModified: 1e15 });
    return fileId(file, { secret: SECRET });
  }));
  assert(ids.every((id) => id.length <= 1024 && /^[\x21-\x7e]+$/.test(id)));
  assertNotEquals(ids[0], ids[1]);
});

Deno.test("sampleOf() rejects when the file cannot be read, or is shorter than it was", async () => {
  await assertRejects(() => sampleOf(new ChangedFile()), DOMException);
  const short = {
    size: 300 * KIB,
    slice: (start: number, end: number) => ({
      size: end - start,
      arrayBuffer: () => Promise.resolve(new ArrayBuffer(9)),
    }),
  };
  await assertRejects(() => sampleOf(short as unknown as Blob), RangeError);
});

Deno.test("sampleOf() sees a change at the beginning, in the middle and at the end of a large file", async () => {
  const size = 1000 * KIB;
  const sample = (changedAt?: number) => {
    const bytes = new Uint8Array(size);
    if (changedAt !== undefined) bytes[changedAt] = 1;
    return sampleOf(new Blob([bytes]));
  };
  const all = await Promise.all([undefined, 0, 64 * KIB - 1, size / 2, size - 64 * KIB, size - 1].map(sample));
  assertEquals(new Set(all).size, all.length);
});

Deno.test("sampleOf() sees every byte of a file of up to 192 KiB", async () => {
  for (const size of [1, 64 * KIB, 64 * KIB + 1, 100 * KIB, 192 * KIB]) {
    const before = await sampleOf(new Blob([new Uint8Array(size)]));
    for (const part of [0, 0.2, 0.4, 0.6, 0.8, 0.9999]) {
      const bytes = new Uint8Array(size);
      bytes[Math.floor(part * size)] = 1;
      assertNotEquals(await sampleOf(new Blob([bytes])), before, `${size} bytes, changed at ${part}`);
    }
  }
});

Deno.test("sampleOf() reads no more than 192 KiB of a file", async () => {
  let read = 0;
  const file = {
    size: 50e9,
    slice: (start: number, end: number) => ({
      size: end - start,
      arrayBuffer: () => {
        read += end - start;
        return Promise.resolve(new ArrayBuffer(end - start));
      },
    }),
  };
  await sampleOf(file as unknown as Blob);
  assertEquals(read, 192 * KIB);
});

Deno.test("hashOf() is FNV-1a with 64 bits", () => {
  assertEquals(hashOf(""), "cbf29ce484222325");
  assertEquals(hashOf("a"), "af63dc4c8601ec8c");
  assertEquals(hashOf("foobar"), "85944171f73967e8");
});
