import { assertEquals } from "@std/assert";
import { contentDisposition } from "../../../server/http/disposition.ts";

Deno.test("contentDisposition() cannot be ended by a name", () => {
  assertEquals(
    contentDisposition("attachment", 'a"; x="b\\.txt'),
    `attachment; filename="a_; x=_b_.txt"; filename*=UTF-8''a%22%3B%20x%3D%22b%5C.txt`,
  );
  assertEquals(
    contentDisposition("inline", "it's (1)*.txt"),
    `inline; filename="it's (1)*.txt"; filename*=UTF-8''it%27s%20%281%29%2A.txt`,
  );
});
