import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { entryOfText, textOfEntry } from "../../../../server/storage/kv/entry_text.ts";

Deno.test("the value of an entry comes back from its text, bytes within it too", () => {
  const bytes = new Uint8Array([0, 255, 7]);
  for (const value of [1, "text", true, bytes, { password: { salt: bytes, rounds: 3 } }, [bytes], { a: null }]) {
    assertEquals(entryOfText(textOfEntry(value)), value);
  }
  // Bytes that are Node's, and how they stood in texts before.
  assertEquals(entryOfText(textOfEntry({ digests: [{ value: Buffer.from(bytes) }] })), { digests: [{ value: bytes }] });
  assertEquals(entryOfText(JSON.stringify({ digests: [{ value: Buffer.from(bytes) }] })), {
    digests: [{ value: bytes }],
  });
  // A text that looks like bytes stays a text.
  for (const value of ["$bytes", { name: '"$bytes"' }, { metadata: '{"$bytes":"AA=="}{"type":"Buffer","data":[]}' }]) {
    assertEquals(entryOfText(textOfEntry(value)), value);
  }
});
