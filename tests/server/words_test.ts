import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { filesBelow } from "../faults/run.ts";

const server = fromFileUrl(new URL("../../server/", import.meta.url));

/** The words of a protocol: its headers, its addresses, and its own words for the byte at which a body starts. */
const PROTOCOLS_WORDS =
  /(?<![\w-])(?:X|Tus|Upload|Repr|Content)-[A-Z][\w-]+|\/files\/|\/upload\b|\/status\b|start byte/i;

Deno.test("the engine, its model and its storage say nothing in the words of a protocol", async () => {
  const found: string[] = [];
  for (const room of ["uploads", "model", "receiving", "storage"]) {
    for (const file of await filesBelow(join(server, room))) {
      // The store of a bucket speaks a protocol of its own, by requests that it sends.
      if (room === "storage" && file.startsWith("s3/")) continue;
      const source = await Deno.readTextFile(join(server, room, file));
      const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
      for (const [text] of code.matchAll(/"[^"\n]*"|`[^`]*`/g)) {
        const isImport = /^"\.\.?\//.test(text);
        if (!isImport && PROTOCOLS_WORDS.test(text)) found.push(`${room}/${file}: ${text}`);
      }
    }
  }
  assertEquals(found, []);
});
