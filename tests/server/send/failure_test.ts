import { assertEquals } from "@std/assert";
import { UploadError } from "../../../client/mod.ts";
import { refusal } from "../../../client/protocol/upload_error.ts";
import { failureOf } from "../../../server/send/failure.ts";

Deno.test("only where a second try goes on is it said to", () => {
  const full = refusal(507, "No room. At all");
  assertEquals(failureOf(full, { goesOn: true }).message, full.message);
  assertEquals(failureOf(full, { goesOn: false }), {
    code: "disk-full",
    message: "The disk of the server is full (507, No room. At all). " +
      "Ask whoever runs the server to make room, then send all of it again",
  });
  const refused = refusal(403, "");
  for (const goesOn of [true, false]) assertEquals(failureOf(refused, { goesOn }).message, refused.message);
});

Deno.test("a changed file and a lost token are told in the words of the command line", () => {
  const message = (error: UploadError) => failureOf(error, { goesOn: true }).message;
  assertEquals(
    message(new UploadError("file-changed", "Choose it")),
    "It was changed, moved or removed while it was being sent. Send it again",
  );
  assertEquals(
    message(refusal(401, "")),
    "The server does not let you in any more: give another token, and run the command again",
  );
});
