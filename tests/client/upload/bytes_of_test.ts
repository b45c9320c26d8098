import { assertEquals } from "@std/assert";
import { bytesOfEach } from "../../../client/upload/bytes_of.ts";
import { LiveFile } from "../support/live_file.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A file of which the disk holds something else by now: its size is what it was when it was chosen. */
class ChangedOnDisk extends LiveFile {
  constructor(before: string, now: string) {
    super(bytesOf(before));
    this.content = bytesOf(now);
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.resolve(this.content.slice().buffer);
  }
}

/** Several files as a browser reads them together: each part gives what lies on the disk at that moment. */
class ReadTogether extends Blob {
  readonly #parts: readonly BlobPart[];

  constructor(parts: readonly BlobPart[]) {
    super();
    this.#parts = parts;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const all: number[] = [];
    for (const part of this.#parts) {
      const bytes = part instanceof Uint8Array ? part : new Uint8Array(await (part as Blob).arrayBuffer());
      all.push(...bytes);
    }
    return Uint8Array.from(all).buffer;
  }
}

/** Reads files in a browser that reads parts when they are asked for. */
async function readInBrowser(files: readonly Blob[]): Promise<(string | undefined)[]> {
  const { Blob } = globalThis;
  globalThis.Blob = ReadTogether as unknown as typeof Blob;
  try {
    const read = await bytesOfEach(files);
    return read.map((bytes) => bytes && new TextDecoder().decode(bytes));
  } finally {
    globalThis.Blob = Blob;
  }
}

Deno.test("bytesOfEach() reads several files by one question, and gives each its own bytes", async () => {
  const files = ["one", "", "three", "4"].map((text) => new File([text], `${text}.txt`));
  let questions = 0;
  for (const file of files) file.arrayBuffer = () => Promise.reject(new Error(`Asked by itself: ${++questions}`));
  const read = await bytesOfEach(files);
  assertEquals(read.map((bytes) => new TextDecoder().decode(bytes)), ["one", "", "three", "4"]);
  assertEquals(questions, 0);
});

Deno.test("bytesOfEach() reads the others when a file is gone", async () => {
  const gone = new ChangedOnDisk("abc", "abc");
  gone.arrayBuffer = () => Promise.reject(new DOMException("Gone", "NotReadableError"));
  assertEquals(await readInBrowser([new Blob(["one"]), gone, new Blob(["three"])]), ["one", undefined, "three"]);
});

Deno.test("bytesOfEach() gives no file the bytes of another, when one has shrunk and the next has grown", async () => {
  const files = [new ChangedOnDisk("abc", "ab"), new ChangedOnDisk("def", "defg"), new Blob(["same"])];
  assertEquals(await readInBrowser(files), [undefined, undefined, "same"]);
});
