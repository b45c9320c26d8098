import { assertEquals } from "@std/assert";
import { fileKind } from "../../../client/page/file_kind.ts";
import { detailsOf, isName, segmentsOf } from "../../../client/page/file_details.ts";
import { GivenNames } from "../../../client/page/given_names.ts";
import { notAFile } from "../../../client/page/no_file.ts";
import { nameIn, SavedNames } from "../../../client/page/saved_names.ts";
import type { QueuedUpload } from "../../../client/mod.ts";
import { turns } from "../support/turns.ts";

Deno.test("GivenNames tells pictures without a name apart by their time, and leaves files with a name alone", () => {
  const names = new GivenNames();
  const now = new Date(2026, 10, 30, 4, 6, 40);
  const picture = (name: string, lastModified = now.getTime()) => new File(["x"], name, { lastModified });
  const table: [file: File, expected: string][] = [
    [picture("image.png"), "Pasted 2026-11-30 04.06.40.png"],
    [picture("image.png"), "Pasted 2026-11-30 04.06.40 (2).png"],
    [picture("image.png"), "Pasted 2026-11-30 04.06.40 (3).png"],
    [picture("report.png"), "report.png"],
    // A file of this name was copied from a folder.
    [picture("image.png", now.getTime() - 3_600_000), "image.png"],
  ];
  for (const [file, expected] of table) assertEquals(names.named(file, { word: "Pasted", now }).name, expected);
  const later = new Date(2026, 10, 30, 4, 6, 41);
  assertEquals(
    names.named(picture("image.jpg"), { word: "Camera", now: later }).name,
    "Camera 2026-11-30 04.06.41.jpg",
  );
});

Deno.test("notAFile() tells an address and a link from a text", () => {
  const data = (text: string, ...types: string[]) => ({ types, getData: () => text });
  assertEquals(notAFile(data("https://example.org/a.mkv", "text/plain")), "link");
  assertEquals(notAFile(data("", "text/uri-list", "text/html")), "link");
  assertEquals(notAFile(data("see https://example.org", "text/plain", "text/html")), "text");
  assertEquals(notAFile(data("", "Files")), undefined);
  assertEquals(notAFile(data("", "text/uri-list")), undefined);
});

Deno.test("fileKind() knows a file by the end of its name, and else by its type", () => {
  assertEquals(["a.JPG", "a.mkv", "a.tar.gz", "a.pdf", "a.ts", "a"].map((name) => fileKind(name)), [
    "image",
    "video",
    "archive",
    "text",
    "code",
    "other",
  ]);
  assertEquals([fileKind("a", "audio/x-odd"), fileKind("a.zip", "image/png")], ["audio", "archive"]);
});

Deno.test("nameIn() reads the name that the server gives", () => {
  const header = `attachment; filename="report _3_.pdf"; filename*=UTF-8''r%C3%A9port%20(3).pdf`;
  assertEquals([nameIn(header), nameIn("inline"), nameIn("inline; filename*=UTF-8''%FF")], [
    "réport (3).pdf",
    undefined,
    undefined,
  ]);
});

Deno.test("a name has no slash and no way up, and folders are read with both slashes", () => {
  assertEquals(["a.pdf", "..", ".", "", "a/b", "a\\b", "a\nb", "..."].map(isName), [
    true,
    false,
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
  assertEquals(segmentsOf(" inbox / 2026\\11/"), ["inbox", "2026", "11"]);
  assertEquals(detailsOf({ path: "inbox/2026/a.pdf", metadata: { note: "n" } }), {
    name: "a.pdf",
    folder: "inbox/2026",
    note: "n",
  });
  assertEquals(detailsOf({ path: "a.pdf", metadata: undefined }), { name: "a.pdf", folder: "", note: "" });
});

Deno.test("SavedNames tells of another name, and not of the same one in the letters of a Mac", async () => {
  const onServer: Record<string, string> = { "/files/a": "보고서 é.pdf", "/files/b": "b (2).pdf", "/files/c": "c.pdf" };
  const before = globalThis.fetch;
  globalThis.fetch = (url) => {
    const name = encodeURIComponent(onServer[String(url)]!);
    return Promise.resolve(
      new Response(null, { headers: { "Content-Disposition": `inline; filename*=UTF-8''${name}` } }),
    );
  };
  try {
    const told: string[] = [];
    const names = new SavedNames((_, name) => told.push(name));
    const paths = { "/files/a": "팀/보고서 é.pdf".normalize("NFD"), "/files/b": "b.pdf", "/files/c": "c.pdf" };
    const uploads = Object.entries(paths).map(([location, path]) =>
      ({ state: "done", location, path }) as QueuedUpload
    );
    for (const upload of uploads) names.of(upload);
    await turns(20);
    assertEquals(told, ["b (2).pdf"]);
    assertEquals(uploads.map((upload) => names.of(upload)), [undefined, "b (2).pdf", undefined]);
  } finally {
    globalThis.fetch = before;
  }
});
