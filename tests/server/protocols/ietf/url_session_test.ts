import { assertEquals } from "@std/assert";
import { someBytes } from "../../../support/bytes.ts";
import { openInterimClient } from "../../../support/interim_client.ts";
import { untilReceived } from "../../../support/incoming.ts";
import { until } from "../../../support/until.ts";
import { URL_SESSIONS } from "../../../support/url_session.ts";

const file = someBytes(700_000);

for (const { name, method, own, last, append, isComplete } of URL_SESSIONS) {
  Deno.test(`URLSession of ${name}: a file in one request`, async () => {
    await using client = await openInterimClient();
    const { answer, interim } = await client.ask(`${method} /files/`, {
      ...last,
      "Content-Type": "video/mp4",
      "Content-Disposition": 'attachment; filename="clip.mp4"',
    }, file);
    assertEquals([answer.status, isComplete(answer), interim[0]?.status], [201, true, 104]);
    assertEquals(await client.pawl.finished("clip.mp4"), file);
  });

  Deno.test(`URLSession of ${name}: cut off behind the 104, again in the rest, and whole in the end`, async () => {
    await using client = await openInterimClient();
    const first = client.begin(`${method} /files/`, { ...last, "Content-Length": String(file.length) });
    await until(() => first.interim.length > 0, "the 104 has come");
    const path = first.interim[0]?.headers["Location"] ?? "";
    first.send(file.subarray(0, 200_000));
    await untilReceived(client.pawl.data, 200_000);
    first.cut();
    await first.answer;

    let offset = await ask();
    assertEquals(offset, 200_000);
    const second = client.begin(`PATCH ${path}`, {
      ...append,
      "Upload-Offset": String(offset),
      "Content-Length": String(file.length - offset),
    });
    second.send(file.subarray(offset, 500_000));
    await untilReceived(client.pawl.data, 500_000);
    // The phone changes its network: the server still waits for the old connection.
    offset = await ask();
    assertEquals([offset, (await second.answer).status], [500_000, 409]);
    second.cut();
    const { answer } = await client.ask(
      `PATCH ${path}`,
      { ...append, "Upload-Offset": "500000" },
      file.subarray(offset),
    );
    assertEquals([answer.ok, isComplete(answer)], [true, true]);
    assertEquals(await client.pawl.finished("file"), file);

    async function ask(): Promise<number> {
      const { answer } = await client.ask(`HEAD ${path}`, own);
      assertEquals([answer.status, isComplete(answer), answer.headers.get("cache-control")], [204, false, "no-store"]);
      return Number(answer.headers.get("upload-offset"));
    }
  });

  Deno.test(`URLSession of ${name}: the last answer is lost, and a question tells that the file is complete`, async () => {
    await using client = await openInterimClient();
    const { interim } = await client.ask(`${method} /files/`, last, file);
    const { answer } = await client.ask(`HEAD ${interim[0]?.headers["Location"]}`, own);
    assertEquals([answer.headers.get("upload-offset"), isComplete(answer)], ["700000", true]);
  });
}
