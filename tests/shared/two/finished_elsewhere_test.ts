import { assertEquals } from "@std/assert";
import { someBytes } from "../../support/bytes.ts";
import { openBodyOf } from "../../support/open_body.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { openSharedSite, type SharedInstance } from "../../support/shared_site.ts";
import { until } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

const MIB = 1024 * 1024;
const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0" };

postgresTest(
  "a request whose upload another instance has finished is told so, and not that the server failed",
  async () => {
    await using site = await openSharedSite(server ??= await startPostgres(), { open: true, silenceMs: 250 });
    const [one, other] = site.instances as [SharedInstance, SharedInstance];
    const bytes = someBytes(20 * MIB);
    const created = await one.ask("POST /files/", { ...TUS, "Upload-Length": `${bytes.length}` });
    const path = created.headers.get("location")!;
    const sending = openBodyOf(bytes.subarray(0, 9 * MIB));
    const sent = one.ask(`PATCH ${path}`, BYTES, { body: sending.body });
    await sending.read;
    await until(() => site.objects.multiparts.size === 1, "the first part is sent");
    site.silence(0);
    assertEquals((await other.ask(`PATCH ${path}`, BYTES, { body: bytes })).status, 204);
    await until(() => site.objects.multiparts.size === 0, "nothing of the first request is left in the bucket");
    await sending.end(bytes.subarray(9 * MIB));
    const { status, text } = await sent;
    assertEquals([status, (await one.ask(`HEAD ${path}`, TUS)).headers.get("upload-offset")], [
      409,
      String(bytes.length),
    ], text);
    assertEquals(one.pawl.log.lines.filter((line) => line.includes("Cannot")), []);
  },
);
