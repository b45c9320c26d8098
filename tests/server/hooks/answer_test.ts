import { assertEquals, assertThrows } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { readAnswer } from "../../../server/hooks/answer.ts";

const read = (status: number, text = "") => readAnswer({ status, text, headers: {}, isWhole: true });

function refusal(status: number, text = ""): [code: string, line: string] {
  const { code, message } = assertThrows(() => read(status, text), UploadError);
  return [code, message];
}

Deno.test("a success says nothing, or where the file goes", () => {
  assertEquals(read(204), {});
  assertEquals(read(200, " \n"), {});
  assertEquals(read(200, "[]"), {});
  assertEquals(read(200, "OK"), {});
  assertEquals(read(200, '{"name":"a.txt"}'), { name: "a.txt" });
  assertEquals(read(200, '{"folder":"x/y"}'), { folders: ["x", "y"] });
  assertEquals(read(200, '{"folder":"","name":"b"}'), { folders: [], name: "b" });
  assertEquals(read(200, '{"folder":7,"name":null}'), {});
});

Deno.test("a place that no file can have, or broken JSON, is a mistake of who was asked", () => {
  for (
    const text of ["{", '{"name":"a/b"}', '{"name":""}', '{"name":".."}', '{"folder":"../x"}', '{"folder":"/etc"}']
  ) {
    assertThrows(() => read(200, text), Error);
  }
});

Deno.test("a refusal has one line for the sender, without what could be taken for more", () => {
  assertEquals(refusal(403, "Not today\r\nsecret"), ["not-wanted", "Not today"]);
  assertEquals(refusal(422, '{"message":"No films"}'), ["not-wanted", "No films"]);
  assertEquals(refusal(400, "\x1b[31mred\x07\u202e"), ["not-wanted", "[31mred"]);
  assertEquals(refusal(413, "At most 5 GB"), ["too-large", "At most 5 GB"]);
  assertEquals(refusal(507, "Full"), ["over-quota", "Full"]);
  assertEquals(refusal(403, "x".repeat(1000))[1].length, 200);
  assertEquals(refusal(403)[1].startsWith("The server does not want this file"), true);
});

Deno.test("what is no answer is none", () => {
  assertEquals(readAnswer({ status: 200, text: "", headers: {}, isWhole: false }), undefined);
  for (const status of [100, 101, 302, 307, 408, 425, 429, 500, 502, 503]) assertEquals(read(status, "x"), undefined);
});
