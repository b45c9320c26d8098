import { assertEquals, assertThrows } from "@std/assert";
import { encodedKey, keyOfPath, prefixOf } from "../../../../server/storage/s3/keys.ts";

Deno.test("no path and no id leads to another prefix", () => {
  for (const path of ["", ".", "..", "a/..", "../incoming/x", "a//b", "/a", "a/", "a\\b", "a\0"]) {
    assertEquals([path, keyOfPath(path)], [path, undefined]);
  }
  for (const id of ["", ".", "..", "a/b", "a\\b"]) assertThrows(() => prefixOf(id), Error, "Not the name of an entry");
  assertEquals([keyOfPath("b/ü (2).txt"), prefixOf("a")], ["files/b/ü (2).txt", "incoming/a/"]);
});

Deno.test("a key has at most 1024 bytes", () => {
  assertEquals(keyOfPath("ü".repeat(509))?.length, 6 + 509);
  assertEquals(keyOfPath("ü".repeat(510)), undefined);
});

Deno.test("a key stands in a URL as AWS signs it", () => {
  assertEquals(encodedKey("files/a b+c/é!'()*&?#%.txt"), "files/a%20b%2Bc/%C3%A9%21%27%28%29%2A%26%3F%23%25.txt");
});
