import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { filesBelow } from "../faults/run.ts";
import { startServer } from "../support/pawl.ts";
import { base64 } from "../support/tus_wire.ts";
import { tempDir } from "../support/temp_dir.ts";

/** One part of a path that some cleaner might take for "..", or for something else than it is. */
const UP = `..${" ".repeat(300)}x`;

/**
 * A path as a client may send it, and the path below `files/` that the file gets; `undefined` for a refused one. The
 * third is tus' own, which gives a file a name of ours where its own is none.
 */
const PATHS: [string, string | undefined, string?][] = [
  [`${UP}/${UP}/ESCAPED.txt`, undefined],
  [`..${"\u00a0".repeat(300)}x/ESCAPED.txt`, undefined],
  [`.${" ".repeat(300)}x/ESCAPED.txt`, undefined],
  ["../ESCAPED.txt", undefined],
  ["a/../../ESCAPED.txt", undefined],
  ["a\\..\\..\\ESCAPED.txt", undefined],
  ["..\u200b/ESCAPED.txt", undefined],
  ["\u202e../ESCAPED.txt", undefined],
  ["..\ufeff\0/ESCAPED.txt", undefined],
  ["a/\u200d/ESCAPED.txt", undefined],
  [`${"a/".repeat(33)}ESCAPED.txt`, undefined],
  [`${"a".repeat(255)}/`.repeat(8) + "ESCAPED.txt", undefined],
  [`a/${UP}`, undefined, "a/file"],
  ["..x/...y/z", "..x/...y/z"],
  ["photos\\2024\\a.jpg", "photos/2024/a.jpg"],
  [`NUL${" ".repeat(300)}x/COM¹.txt`, "_NUL/_COM¹.txt"],
  ["a:b/c::$DATA", "a:b/c::$DATA"],
  ["u\u0308/A\u030a\n.txt", "\u00fc/\u00c5.txt"],
  ["%2e%2e/%2f", "%2e%2e/%2f"],
  [`${"x".repeat(254)}/`.repeat(7) + "y".repeat(255), `${"x".repeat(254)}/`.repeat(7) + "y".repeat(255)],
];

/** Sends a file of three bytes as the upload `id`; its status is 200 where the file was taken. */
type Send = (port: number, id: string, path: string) => Promise<{ status: number; body: string }>;

/** A file ends up where the table says, or the request is 400 in one line; nothing lies anywhere else. */
async function check(isTus: boolean, send: Send): Promise<void> {
  await using temp = await tempDir();
  // So deep that a file which climbs two folders above the data folder would be seen.
  const data = join(temp.path, "a", "b", "data");
  await Deno.mkdir(data, { recursive: true });
  await using server = await startServer({ data });
  const all: string[] = [];
  for (const [index, [path, simple, tus = simple]] of PATHS.entries()) {
    const expected = isTus ? tus : simple;
    const { status, body } = await send(server.port, String(index), path);
    assertEquals([path, status, body.split("\n").length], [path, expected === undefined ? 400 : 200, 1]);
    if (expected !== undefined) all.push(`a/b/data/files/${expected}`);
    // A finished upload may still have its own entry for a moment.
    const files = (await filesBelow(temp.path)).filter((file) => !/^a\/b\/data\/(?:incoming\/|pawl\.db)/.test(file));
    assertEquals([path, files], [path, all.sort()]);
  }
}

Deno.test("X-File-Path: whatever it says, the file lies below files/ or is refused", async () => {
  await check(false, async (port, id, path) => {
    const headers = {
      "X-File-Id": id,
      "X-File-Path": path.split("/").map(encodeURIComponent).join("/"),
    };
    const answer = await fetch(`http://127.0.0.1:${port}/upload`, { method: "POST", headers, body: "abc" });
    return { status: answer.status, body: await answer.text() };
  });
});

Deno.test("tus relativePath: whatever it says, the file lies below files/ or is refused", async () => {
  await check(true, async (port, _id, path) => {
    const headers = {
      "Tus-Resumable": "1.0.0",
      "Upload-Length": "3",
      "Content-Type": "application/offset+octet-stream",
      "Upload-Metadata": `relativePath ${base64(path)}`,
    };
    const answer = await fetch(`http://127.0.0.1:${port}/files/`, { method: "POST", headers, body: "abc" });
    return { status: answer.status === 201 ? 200 : answer.status, body: await answer.text() };
  });
});
