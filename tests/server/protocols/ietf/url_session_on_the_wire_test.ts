import { assert, assertEquals } from "@std/assert";
import { someBytes } from "../../../support/bytes.ts";
import { type IetfWire, openIetfWire } from "../../../support/ietf_wire.ts";
import { untilNothingUnfinished, untilReceived } from "../../../support/incoming.ts";
import { URL_SESSIONS, type UrlSession } from "../../../support/url_session.ts";
import { LISTENERS } from "../../../../server/config/listening_options.ts";

const file = someBytes(700_000);

/** Asks how far the upload is, as the system does after a break. */
async function ask(wire: IetfWire, path: string, { own, isComplete }: UrlSession): Promise<number> {
  const answer = await wire.ask(`HEAD ${path}`, own);
  assertEquals([answer.status, isComplete(answer), answer.headers.get("cache-control")], [204, false, "no-store"]);
  return Number(answer.headers.get("upload-offset"));
}

/** Sends the rest from `offset` on up to `end`, and lets the connection break there unless it is the file's. */
async function sendRest(
  wire: IetfWire,
  { path, offset, end }: { path: string; offset: number; end: number },
  { append, isComplete }: UrlSession,
): Promise<void> {
  const length = { "Upload-Offset": offset, "Content-Length": file.length - offset };
  using request = await wire.begin(`PATCH ${path}`, { ...append, ...length });
  await request.send(file.subarray(offset, end));
  if (end < file.length) return await untilReceived(wire.server.data, end);
  const answer = await request.answer();
  assertEquals([answer.status < 300, isComplete(answer)], [true, true]);
}

for (const session of URL_SESSIONS) {
  const { name, method, own, last, isComplete } = session;

  Deno.test(`URLSession of ${name}: what is cut off behind a real 104 goes on, twice, and is whole in the end`, async () => {
    await using wire = await openIetfWire({ listener: "node" });
    let path: string;
    {
      using first = await wire.begin(`${method} /files/`, {
        ...last,
        "Content-Type": "video/mp4",
        "Content-Disposition": 'attachment; filename="clip.mp4"',
        "Content-Length": file.length,
      });
      await first.untilInterim(1);
      const [told] = first.interim;
      assertEquals([told?.status, told?.headers.get("upload-draft-interop-version")], [104, `${session.version}`]);
      path = told?.headers.get("location") ?? "";
      await first.send(file.subarray(0, 200_000));
      await untilReceived(wire.server.data, 200_000);
    }
    const offset = await ask(wire, path, session);
    assertEquals(offset, 200_000);
    await sendRest(wire, { path, offset, end: 500_000 }, session);
    await sendRest(wire, { path, offset: await ask(wire, path, session), end: file.length }, session);
    assertEquals(await wire.server.finished("clip.mp4"), file);
    const done = await wire.ask(`HEAD ${path}`, own);
    assertEquals([done.headers.get("upload-offset"), isComplete(done)], ["700000", true]);
  });

  for (const listener of LISTENERS) {
    Deno.test(`URLSession of ${name}: a file in one request, and in two (--listener=${listener})`, async () => {
      await using wire = await openIetfWire({ listener });
      const once = await wire.ask(`${method} /files/`, last, file);
      assertEquals([once.status, isComplete(once), once.headers.get("upload-offset")], [201, true, "700000"]);
      assertEquals(await wire.server.finished("file"), file);
      await untilNothingUnfinished(wire.server.data);
      // The answer to a request that broke off tells the address too, so that no 104 is needed to go on.
      using broken = await wire.begin(`${method} /files/`, { ...last, "Content-Length": file.length });
      await broken.send(file.subarray(0, 300_000));
      await untilReceived(wire.server.data, 300_000);
      await broken.finishSending();
      const { status, headers } = await broken.answer();
      assert(status >= 500, `It is answered ${status}`);
      const path = headers.get("location") ?? "";
      await sendRest(wire, { path, offset: await ask(wire, path, session), end: file.length }, session);
      assertEquals(await wire.server.finished("file (2)"), file);
    });
  }
}
