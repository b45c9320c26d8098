import { assertEquals, assertThrows } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { placeOf, type WantedPlace } from "../../../server/model/place.ts";

Deno.test("placeOf() keeps the folders of a path, by whichever separator, and cleans each", () => {
  const cases: [WantedPlace, string[], string | undefined][] = [
    [{}, [], undefined],
    [{ path: "a.jpg" }, [], "a.jpg"],
    [{ path: "photos/2024/a.jpg" }, ["photos", "2024"], "a.jpg"],
    [{ path: "photos\\2024\\a.jpg" }, ["photos", "2024"], "a.jpg"],
    [{ path: "photos/2024\\a.jpg" }, ["photos", "2024"], "a.jpg"],
    [{ path: "photos/" }, ["photos"], undefined],
    [{ path: "photos/a.jpg", name: "b.jpg" }, ["photos"], "b.jpg"],
    [{ path: "photos/a.jpg", name: "2024/b.jpg" }, ["photos"], "b.jpg"],
    [{ path: "photos/a.jpg", name: ".." }, ["photos"], undefined],
    [{ name: "photos\\2024\\a.jpg" }, ["photos", "2024"], "a.jpg"],
    [{ name: "photos/a.jpg" }, ["photos"], "a.jpg"],
    [{ name: "C:\\fakepath\\a.pdf" }, [], "a.pdf"],
    [{ name: "\\\\server\\share\\a.pdf" }, [], "a.pdf"],
    [{ name: "/home/me/a.pdf" }, [], "a.pdf"],
    [{ path: "u\u0308/CON /x. /a" }, ["\u00fc", "_CON", "x"], "a"],
    [{ path: ".c/…/a" }, [".c", "…"], "a"],
  ];
  for (const [wanted, folders, name] of cases) assertEquals([wanted, placeOf(wanted)], [wanted, { name, folders }]);
});

Deno.test("placeOf() refuses folders that climb out or that no disk can have, in a path and in a name", () => {
  const up = `..${" ".repeat(300)}x`;
  for (const folder of ["", ".", "..", ".. ", " ", "...", "\0", "\u200b", up, `.${" ".repeat(300)}x`]) {
    for (const path of [`${folder}/a`, `b/${folder}/a`, `b\\${folder}\\a`]) {
      assertThrows(() => placeOf({ path }), UploadError, "folders below the root");
      if (!/^[/\\]/.test(path)) assertThrows(() => placeOf({ name: path }), UploadError, "folders below the root");
    }
  }
});

Deno.test("placeOf() says in one line what is over the limits", () => {
  const folders = (count: number, length: number) => `${"x".repeat(length)}/`.repeat(count) + "a";
  assertEquals(placeOf({ path: folders(32, 1) }).folders.length, 32);
  assertThrows(() => placeOf({ path: folders(33, 1) }), UploadError, "33 folders: at most 32");
  assertThrows(() => placeOf({ path: "/".repeat(60_000) }), UploadError, "60000 folders: at most 32");
  assertEquals(placeOf({ path: folders(7, 255) }).folders.length, 7);
  assertThrows(() => placeOf({ path: folders(8, 255) }), UploadError, "2047 bytes long: at most 1792");
  // Linux takes paths of 4096 bytes, so the limit holds for bytes, not for letters.
  assertThrows(() => placeOf({ path: `${"报".repeat(80)}/`.repeat(8) }), UploadError, "1927 bytes long: at most 1792");
});
