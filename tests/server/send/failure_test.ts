import { assertEquals } from "@std/assert";
import { UploadError } from "../../../client/mod.ts";
import { fileChanged, refusal } from "../../../client/protocol/upload_error.ts";
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

Deno.test("a file that this user may not read is not said to have changed", () => {
  const forbidden = fileChanged("a", fileChanged("a", new Deno.errors.PermissionDenied("Permission denied")));
  assertEquals(failureOf(forbidden, { goesOn: true }), {
    code: "not-read",
    message: "You may not read it: change its permissions",
  });
  const gone = fileChanged("a", new Deno.errors.NotFound("No such file"));
  assertEquals(failureOf(gone, { goesOn: true }).code, "file-changed");
});
