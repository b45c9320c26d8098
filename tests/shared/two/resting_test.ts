import { assertEquals } from "@std/assert";
import type { Bucket } from "../../../server/storage/s3/bucket.ts";
import { BrokenConnection } from "../../../server/storage/s3/s3_error.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { openSharedSite, type SharedInstance } from "../../support/shared_site.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

const TUS = { "Tus-Resumable": "1.0.0" };
const PATIENCE = { waitMs: 200, silenceMs: 60_000 };

function patch(at: SharedInstance, path: string, offset: number, body: string) {
  const headers = { ...TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": `${offset}` };
  return at.ask(`PATCH ${path}`, headers, { body });
}

/** Two instances, the first of which has an upload of 20 bytes at rest after 4, and hears nothing any more. */
async function restingSite(isBroken: () => boolean = () => false) {
  const site = await openSharedSite(server ??= await startPostgres(), {
    open: true,
    limits: { patience: PATIENCE, appendPatience: PATIENCE },
    silenceMs: 250,
    slowed: (bucket: Bucket, index: number): Bucket => ({
      ...bucket,
      put: (...args) =>
        index === 0 && isBroken() ? Promise.reject(new BrokenConnection("broken")) : bucket.put(...args),
    }),
  });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  const { headers } = await one.ask("POST /files/", { ...TUS, "Upload-Length": "20" });
  const path = headers.get("location")!;
  for (let offset = 0; offset < 4; offset++) assertEquals((await patch(one, path, offset, "x")).status, 204);
  site.silence(0);
  return { one, other, path, [Symbol.asyncDispose]: () => site[Symbol.asyncDispose]() };
}

postgresTest(
  "an instance that wakes up too late, and whose bucket is away, tells the count of the other one",
  async () => {
    let isBroken = false;
    await using site = await restingSite(() => isBroken);
    const { one, other, path } = site;
    assertEquals((await patch(other, path, 4, "yyyyy")).status, 204);
    isBroken = true;
    const { status, headers } = await patch(one, path, 4, "z");
    assertEquals([status, headers.get("upload-offset")], [409, "9"]);
  },
);

postgresTest("an instance that wakes up after the upload was deleted refuses nothing but that", async () => {
  await using site = await restingSite();
  const { one, other, path } = site;
  assertEquals((await other.ask(`DELETE ${path}`, TUS)).status, 204);
  for (const length of [30, 3]) {
    const { status, headers } = await patch(one, path, 4, "z".repeat(length));
    assertEquals([status, headers.get("upload-offset")], [404, null], `${length} bytes`);
  }
});

postgresTest("an instance that wakes up after the upload was finished tells its end", async () => {
  await using site = await restingSite();
  const { one, other, path } = site;
  assertEquals((await patch(other, path, 4, "y".repeat(16))).status, 204);
  for (const length of [30, 3]) {
    const { status, headers } = await patch(one, path, 4, "z".repeat(length));
    assertEquals([status, headers.get("upload-offset")], [409, "20"], `${length} bytes`);
  }
});
