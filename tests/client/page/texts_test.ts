import { assertEquals, assertStringIncludes } from "@std/assert";
import { messages } from "../../../client/languages/en.ts";
import { errorText, stateText } from "../../../client/page/texts.ts";
import { createWords } from "../../../client/page/words.ts";
import { refusal, tooManyFiles, UploadError } from "../../../client/protocol/upload_error.ts";
import type { QueuedUpload } from "../../../client/mod.ts";

const LANGUAGE = { messages, words: createWords("en") } as unknown as Parameters<typeof stateText>[1];

Deno.test("errorText() shows the server's line where the page was opened by a name that the server does not take", () => {
  const line = 'This server is not "files.example": start it with --allow-host files.example';
  assertStringIncludes(errorText(refusal(421, line), LANGUAGE), `421, ${line}`);
});

Deno.test("errorText() says that a quota is used up, and that only a new load of the page can sign in", () => {
  assertEquals(errorText(refusal(507, "", { code: "over-quota" }), LANGUAGE), messages.errors["over-quota"]);
  assertEquals(errorText(refusal(401, ""), LANGUAGE), messages.errors["signed-out"]);
});

Deno.test("errorText() says that a link takes no more files, and of other refusals what the server or the queue said", () => {
  assertEquals(errorText(tooManyFiles(3), LANGUAGE), messages.linkFull);
  assertStringIncludes(errorText(new UploadError("too-many", "No more than 3"), LANGUAGE), "(No more than 3)");
  const folders = refusal(507, "You may have 9 folders", { code: "too-many-folders" });
  assertStringIncludes(errorText(folders, LANGUAGE), "(507, You may have 9 folders)");
});

Deno.test("stateText() says for what an upload waits whose next try comes after a sign-in", () => {
  const problem = { code: "signed-out", message: "" };
  const upload = { progress: { state: "waiting", problem } } as unknown as QueuedUpload;
  assertEquals(stateText(upload, LANGUAGE, { retryAt: undefined, now: 0 }), "Waiting until you have signed in");
});

Deno.test("stateText() says that the file is read once more before its last piece goes", () => {
  const upload = { progress: { state: "checking" } } as unknown as QueuedUpload;
  assertEquals(stateText(upload, LANGUAGE, { retryAt: undefined, now: 0 }), "Checking that the file has not changed");
});
