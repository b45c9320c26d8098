import { assertEquals, assertThrows } from "@std/assert";
import { type Answer, AnswerReader, NoAnswer } from "../../../server/doctor/message.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Reads a text byte by byte, and gives what came first: an answer, or the end. */
function read(text: string, isHead = false): [status: number, body: string] | undefined {
  const reader = new AnswerReader({ isHead });
  let found: Answer | undefined;
  for (const byte of bytes(text)) found ??= reader.push(Uint8Array.of(byte));
  found ??= reader.end();
  return found === undefined ? undefined : [found.status, new TextDecoder().decode(found.body)];
}

Deno.test("an answer is read by its length, its chunks, or the end of the connection", () => {
  assertEquals(read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc"), [200, "ab"]);
  assertEquals(read("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n"), [
    200,
    "abcd",
  ]);
  assertEquals(read("HTTP/1.0 502 Bad\r\n\r\nall"), [502, "all"]);
  assertEquals(read("HTTP/1.1 204 No\r\n\r\n"), [204, ""]);
  assertEquals(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true), [200, ""]);
});

Deno.test("an interim answer is not the answer", () => {
  assertEquals(read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n"), [413, ""]);
});

Deno.test("the headers of interim answers are kept, and no more than twenty of them are read", () => {
  const interim = "HTTP/1.1 104 Upload Resumption Supported\r\nLocation: /files/a\r\n\r\n";
  const all = (count: number) =>
    new AnswerReader({ isHead: false }).push(bytes(`${interim.repeat(count)}HTTP/1.1 204 No\r\n\r\n`));
  assertEquals(all(2)?.interim.map((headers) => headers.get("location")), ["/files/a", "/files/a"]);
  assertEquals(all(20)?.status, 204);
  assertThrows(() => all(21), NoAnswer);
});

Deno.test("an answer that is cut off tells its status, and half a head tells nothing", () => {
  assertEquals(read("HTTP/1.1 413 Large\r\nContent-Length: 99\r\n\r\nhal"), [413, "hal"]);
  assertEquals(read("HTTP/1.1 413 Large\r\nContent-Le"), undefined);
  assertEquals(read(""), undefined);
});

Deno.test("what is no HTTP, or has no end, is refused", () => {
  for (
    const text of [
      "SSH-2.0-x\r\n",
      "HTTP/2 200\r\n\r\n",
      "HTTP/1.1 abc\r\n\r\n",
      `HTTP/1.1 200 OK\r\nA: ${"x".repeat(70_000)}`,
    ]
  ) {
    assertThrows(() => new AnswerReader({ isHead: false }).push(bytes(text)), NoAnswer);
  }
  const interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(30);
  assertThrows(() => new AnswerReader({ isHead: false }).push(bytes(interim)), NoAnswer);
  const endless = new AnswerReader({ isHead: false });
  endless.push(bytes("HTTP/1.1 200 OK\r\n\r\n"));
  assertThrows(() => {
    for (let at = 0; at < 100; at++) endless.push(new Uint8Array(100_000));
  }, NoAnswer);
  const chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
  assertThrows(() => new AnswerReader({ isHead: false }).push(bytes(chunks)), NoAnswer);
});
