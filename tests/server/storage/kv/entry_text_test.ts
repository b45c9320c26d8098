import { assertEquals } from "@std/assert";
import { entryOfText, textOfEntry } from "../../../../server/storage/kv/entry_text.ts";

Deno.test("the value of an entry comes back from its text, bytes within it too", () => {
  const bytes = new Uint8Array([0, 255, 7]);
  for (const value of [1, "text", true, bytes, { password: { salt: bytes, rounds: 3 } }, [bytes], { a: null }]) {
    assertEquals(entryOfText(textOfEntry(value)), value);
  }
  // A text that looks like bytes stays a text.
  for (const value of ["$bytes", { name: '"$bytes"' }, { metadata: '{"$bytes":"AA=="}' }]) {
    assertEquals(entryOfText(textOfEntry(value)), value);
  }
});
