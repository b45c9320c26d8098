import { assertThrows } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { wrongOffset } from "../../../server/model/agree.ts";
import { throwInOwnWords } from "../../../server/protocols/simple_status.ts";

Deno.test("a refusal has the words of the simple protocol, even if what cleans up behind it fails", () => {
  const refused = wrongOffset(5);
  for (const error of [refused, new SuppressedError(new Error("the database is away"), refused)]) {
    assertThrows(() => throwInOwnWords(error), UploadError, "Wrong start byte: 5");
  }
  assertThrows(() => throwInOwnWords(new Error("a bug")), Error, "a bug");
});
