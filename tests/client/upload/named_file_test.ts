import { assertEquals } from "@std/assert";
import { namedFile } from "../../../client/upload/named_file.ts";
import { FakeServer } from "../support/fake_server.ts";
import { setUp } from "../support/set_up.ts";

Deno.test("namedFile() leaves a file alone, and renames it with its type and time", () => {
  const file = new File(["abc"], "a.txt", { type: "text/plain", lastModified: 5 });
  assertEquals([namedFile(file, undefined), namedFile(file, "a.txt")], [file, file]);
  const { name, type, size, lastModified } = namedFile(file, "b.txt");
  assertEquals({ name, type, size, lastModified }, { name: "b.txt", type: "text/plain", size: 3, lastModified: 5 });
});

/** A file whose bytes lie elsewhere, as a program reads them from a disk. */
class LazyFile extends File {
  readonly #bytes = new Blob(["abc"]);

  override get size(): number {
    return this.#bytes.size;
  }

  override slice(start?: number, end?: number): Blob {
    return this.#bytes.slice(start, end);
  }
}

/** The `File` of browsers and of Node, which ask no method of a file that they copy; Deno does. */
class BrowserFile extends File {
  constructor(parts: BlobPart[], name: string, options?: FilePropertyBag) {
    super(parts.map((part) => part instanceof LazyFile ? "" : part), name, options);
  }
}

Deno.test("a file of a subclass under another name has the bytes that its own slice() gives", async () => {
  const { File: own } = globalThis;
  using _ = { [Symbol.dispose]: () => void Object.assign(globalThis, { File: own }) };
  Object.assign(globalThis, { File: BrowserFile });
  const file = namedFile(new LazyFile([], "a.txt"), "b.txt");
  assertEquals([file.name, file.size, await file.slice(1).text()], ["b.txt", 3, "bc"]);
  const server = new FakeServer(3);
  const { clock, uploader } = setUp(server, { file: new LazyFile([], "a.txt"), name: "b.txt" });
  assertEquals([await clock.run(uploader.upload()), server.held], [true, 3]);
});

Deno.test("upload() sends a Blob under its name, and claims no time for it", async () => {
  const server = new FakeServer(3);
  const seen: Record<string, string>[] = [];
  const { clock, uploader } = setUp(server, {
    file: new Blob(["abc"], { type: "text/plain" }),
    name: "notes.txt",
    transport(request) {
      seen.push(request.headers);
      return server.transport(request);
    },
  });
  assertEquals(await clock.run(uploader.upload()), true);
  assertEquals([seen[0]!["X-File-Name"], seen[0]!["X-File-Type"]], ["notes.txt", "text/plain"]);
  assertEquals("X-File-Modified" in seen[0]!, false);
});

Deno.test("a Blob of the same name and bytes has the same id each time", async () => {
  const idOf = () => setUp(new FakeServer(3), { file: new Blob(["abc"]), name: "a", id: undefined! }).uploader.id();
  assertEquals(await idOf(), await idOf());
});
