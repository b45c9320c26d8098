import { assert, assertEquals, assertMatch } from "@std/assert";
import { startFakeS3 } from "../support/fake_s3.ts";
import { freePorts } from "../support/ports.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../support/postgres.ts";
import { runPawl, startPawl } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

postgresTest(
  "a server that starts before its bucket waits for it, tells so in one line, and is not ready",
  async () => {
    server ??= await startPostgres();
    await using dir = await tempDir();
    const [port, s3Port] = freePorts(2) as [number, number];
    const env = {
      PAWL_DATABASE: await server.schema(),
      PAWL_BUCKET: `http://key:secret@127.0.0.1:${s3Port}/uploads`,
      PAWL_BASE_PATH: "/up",
    };
    const starting = startPawl(dir.path, { port, env });
    const ask = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}/up${path}`);
      return { status: response.status, text: await response.text() };
    };
    await until(
      () => ask("/readyz").then(({ status }) => status === 503, () => false),
      "the server says that it waits",
    );
    assertMatch((await ask("/readyz")).text, /"ready":false.*"no-bucket".*waits for the S3 server/);
    assertEquals((await ask("/healthz")).status, 200);
    assertEquals((await ask("/files/x")).status, 503);
    await using _s3 = startFakeS3({}, s3Port);
    await using pawl = await starting;
    await until(async () => (await ask("/readyz")).status === 200, "the server is ready");
    const lines = pawl.output().split("\n").filter((line) => line.includes("gives no answer"));
    assertEquals(lines.length, 1);
    assertMatch(lines[0]!, /The bucket gives no answer, and the server waits for it: .*ECONNREFUSED/);
    assert(!pawl.output().includes("secret@"), pawl.output());
  },
);

postgresTest("a key that may not use the bucket ends the start at once, in plain words", async () => {
  server ??= await startPostgres();
  await using dir = await tempDir();
  await using s3 = startFakeS3({ denied: ["s3:ListBucket"] });
  const env = { PAWL_DATABASE: await server.schema(), PAWL_BUCKET: s3.address };
  const { code, stderr } = await runPawl(["--port", "0", "--data", dir.path], env);
  assertEquals(code, 1);
  assertMatch(stderr, /^The bucket http:\S+ cannot be used: .*403 AccessDenied: allow the key s3:ListBucket\n$/);
});
