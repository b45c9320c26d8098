import { assertEquals, assertThrows } from "@std/assert";
import { createServer } from "node:http";
import type { Answering } from "../../../server/http/node_types.ts";
import type { AddressInfo } from "node:net";
import { connect, head } from "../../support/raw.ts";

// The runtime's own behaviour with 104, on which server/http/node_interim.ts relies: Deno may move node:http onto another
// engine one day.

/** All that comes over a connection on which `requests` are sent, each answered by `answer`. */
async function heard(requests: string, answer: (answering: Answering) => void): Promise<string> {
  const server = createServer((_, answering) => answer(answering as Answering));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    using connection = await connect((server.address() as AddressInfo).port);
    await connection.send(requests);
    return await connection.closed();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

const last = head("GET /", { "Connection": "close" });

Deno.test("the runtime writes 104 at once and byte for byte, and before the answer of its own request", async () => {
  const text = await heard(head("GET /a") + last, (answering) => {
    answering.writeInformation(104, { "Location": "/u/1", "Upload-Limit": "max-size=10" });
    answering.writeInformation(104, { "Upload-Offset": "5" });
    answering.end("done");
  });
  const first = /^HTTP\/1\.1 104 [^\r]+\r\nLocation: \/u\/1\r\nUpload-Limit: max-size=10\r\n\r\n/;
  const second = /^HTTP\/1\.1 104 [^\r]+\r\nUpload-Offset: 5\r\n\r\nHTTP\/1\.1 200 OK\r\n/;
  for (const answer of text.split(/(?<=done)/)) {
    const interim = first.exec(answer)?.[0] ?? "";
    assertEquals([interim === "", second.test(answer.slice(interim.length))], [false, true], answer);
  }
  assertEquals(text.split("done").length, 3);
});

Deno.test("the runtime refuses 104 behind the answer's head and with a value that breaks out, and is quiet to nobody", async () => {
  let kept: Answering | undefined;
  const text = await heard(last, (answering) => {
    kept = answering;
    assertThrows(() => answering.writeInformation(104, { "Location": "/u\r\nSet-Cookie: a=1" }), TypeError);
    assertThrows(() => answering.writeInformation(200, {}), RangeError);
    answering.writeHead(200);
    assertThrows(() => answering.writeInformation(104, { "Upload-Offset": "1" }), Error);
    answering.end("done");
  });
  assertEquals([text.includes("104"), text.includes("Set-Cookie"), text.endsWith("done\r\n0\r\n\r\n")], [
    false,
    false,
    true,
  ]);
  assertEquals(kept?.headersSent, true);
});
