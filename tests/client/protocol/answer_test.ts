import { assertEquals } from "@std/assert";
import { type Meaning, readStatus, readUpload } from "../../../client/protocol/answer.ts";
import type { TransportAnswer } from "../../../client/mod.ts";

const TOTAL = 1000;

function answer(status: number, text = "", headers: Record<string, string> = {}): TransportAnswer {
  return { status, text, headers: new Headers(headers) };
}

/** A meaning in one line. */
function tell(meaning: Meaning): string {
  switch (meaning.kind) {
    case "held":
      return `held ${meaning.offset}`;
    case "retry":
      return `retry ${meaning.problem.code}${meaning.retryAfterMs ? ` in ${meaning.retryAfterMs}` : ""}`;
    case "failed":
    case "signed-out":
    case "too-much":
      return `${meaning.kind} ${meaning.error.code} ${meaning.error.limit ?? ""}`.trim();
    default:
      return meaning.kind;
  }
}

const UNFINISHED = { "Upload-Complete": "?0" };
const FINISHED = { "Upload-Complete": "?1" };
const LIMITED = { "Upload-Limit": "max-size=900, max-append-size=10" };
const ROOMY = { "Upload-Limit": "max-append-size=10, max-size=1000" };
const at = (offset: number, code: string) => ({ "X-Error": code, "Upload-Offset": String(offset) });

Deno.test("readStatus() finds in every answer what it means for the upload", () => {
  const table: [TransportAnswer, string][] = [
    [answer(200, "300"), "held 300"],
    [answer(200, "300\n"), "held 300"],
    [answer(200, "7", { "Upload-Offset": "300", ...UNFINISHED }), "held 300"],
    [answer(200, "1000"), "held 1000"],
    [answer(200, "1000", FINISHED), "complete"],
    [answer(200, "77", FINISHED), "held 0"],
    [answer(200, "1001"), "failed refused"],
    [answer(200, "<html>Log in"), "retry not-a-server"],
    [answer(200, "-1"), "retry not-a-server"],
    [answer(200, "1e3"), "retry not-a-server"],
    [answer(204), "retry not-a-server"],
    [answer(304), "failed refused"],
    [answer(200, "0", LIMITED), "failed too-large 900"],
    [answer(200, "1000", { ...LIMITED, ...FINISHED }), "complete"],
    [answer(200, "0", ROOMY), "held 0"],
    [answer(413, "Too large"), "failed too-large"],
    [answer(503, "", { "Retry-After": "9" }), "retry busy in 9000"],
    [answer(507, "Full"), "failed disk-full"],
    [answer(507, "9 folders", { "X-Error": "too-many-folders" }), "failed refused"],
    [answer(403, "A virus", { "X-Error": "not-wanted" }), "failed refused"],
    [answer(403, "", { "X-Error": "constructor" }), "failed not-allowed"],
    [answer(401), "signed-out signed-out"],
    [answer(403), "failed not-allowed"],
    [answer(404), "failed refused"],
    [answer(410), "failed gone"],
  ];
  for (const [given, expected] of table) {
    assertEquals(tell(readStatus(given, TOTAL)), expected, `${given.status} ${given.text}`);
  }
});

Deno.test("readUpload() finds in every answer what it means for the upload", () => {
  const table: [TransportAnswer, string][] = [
    [answer(200, "800"), "held 800"],
    [answer(200, "800", UNFINISHED), "held 800"],
    [answer(200, "Success 1000"), "complete"],
    [answer(200, "Success 1000", FINISHED), "complete"],
    [answer(200, "Success", UNFINISHED), "retry not-kept"],
    [answer(200, "1000"), "complete"],
    [answer(200, "1000", UNFINISHED), "held 1000"],
    [answer(200, ""), "retry not-kept"],
    [answer(200, "<HTML><HEAD><TITLE>Success</TITLE>"), "retry not-kept"],
    [answer(400, "300"), "held 300"],
    [answer(400, "No", { "Upload-Offset": "300" }), "held 300"],
    [answer(400, "Anything", at(300, "wrong-offset")), "held 300"],
    [answer(409, "Anything", at(300, "wrong-offset")), "held 300"],
    [answer(400, "", at(2000, "wrong-offset")), "failed refused"],
    [answer(400, "", at(400, "wrong-offset")), "retry busy"],
    [answer(400, "", { "X-Error": "wrong-offset" }), "retry busy"],
    [answer(400, "400"), "failed refused"],
    [answer(400, "X-File-Id must be at most 300"), "failed refused"],
    [answer(423, "An earlier request"), "retry busy"],
    [answer(400, "", at(400, "size-changed")), "failed refused"],
    [answer(400, "", at(300, "size-changed")), "failed refused"],
    [answer(400, "", at(300, "too-long")), "failed refused"],
    [answer(400, "", at(400, "digest-mismatch")), "retry damaged"],
    [answer(400, "It does not have the digest that was given"), "failed refused"],
    [answer(408, "", at(400, "idle")), "retry busy"],
    [answer(409, "", at(300, "taken-over")), "retry busy"],
    [answer(423, "", { "X-Error": "locked", "Retry-After": "2" }), "retry busy in 2000"],
    [answer(421, "Use --allow-host", { "X-Error": "wrong-host" }), "failed refused"],
    [answer(410, "", { "X-Error": "gone" }), "failed gone"],
    [answer(500, "", { "X-Error": "failed" }), "retry busy"],
    [answer(400, "", { "X-Error": "a code that is not known" }), "failed refused"],
    [answer(413, "<html>"), "too-much too-large"],
    [answer(413, "", ROOMY), "too-much too-large"],
    [answer(413, "At most 900 bytes", LIMITED), "failed too-large 900"],
    [answer(413, "", { "X-Error": "too-large" }), "failed too-large"],
    [answer(200, "Erfolg 1000"), "complete"],
    [answer(200, "Success 999"), "retry not-kept"],
    [answer(502, "<html>"), "retry busy"],
    [answer(429, "", { "Retry-After": "3" }), "retry busy in 3000"],
    [answer(429, "", { "X-Error": "too-many-unfinished", "Retry-After": "30" }), "retry too-many-unfinished in 30000"],
    [answer(507), "failed disk-full"],
    [answer(507, "Over your quota", { "X-Error": "over-quota" }), "failed over-quota"],
    [answer(507, "9 folders", { "X-Error": "too-many-folders" }), "failed refused"],
    [answer(403, "A virus", { "X-Error": "not-wanted" }), "failed refused"],
    [answer(401), "signed-out signed-out"],
  ];
  for (const [given, expected] of table) {
    assertEquals(tell(readUpload(given, 400, TOTAL)), expected, `${given.status} ${given.text}`);
  }
});

Deno.test("readUpload() tells the server's own line, and leaves out the page of whatever stands before it", () => {
  const messageOf = (text: string) => {
    const meaning = readUpload(answer(502, text), 0, TOTAL);
    return meaning.kind === "retry" ? meaning.problem.message : undefined;
  };
  assertEquals(messageOf("Busy\nand more"), "The server answered 502, Busy");
  assertEquals(messageOf("<html>Bad gateway"), "The server answered 502");
  assertEquals(messageOf("x".repeat(1000)), `The server answered 502, ${"x".repeat(200)}`);
});
