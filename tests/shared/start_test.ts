import { assert, assertEquals, assertMatch } from "@std/assert";
import { createConnection } from "../../server/storage/postgres/connection.ts";
import { startFakeS3 } from "../support/fake_s3.ts";
import { freePorts } from "../support/ports.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../support/postgres.ts";
import { runPawl, startPawl } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { PATIENCE_MS, until } from "../support/until.ts";

const TOKEN = "0123456789012345678901234567";

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

postgresTest(
  "a server that starts before its database waits for it, and is not ready; what a client asks for is to be tried again",
  async () => {
    await using own = await startPostgres();
    await using dir = await tempDir();
    await using s3 = startFakeS3();
    const [port] = freePorts(1) as [number];
    const env = { PAWL_DATABASE: await own.schema(), PAWL_BUCKET: s3.address, PAWL_TOKEN: TOKEN };
    await own.crash();
    const starting = startPawl(dir.path, { port, env });
    const ask = async (line: string, headers: Record<string, string> = {}) => {
      const [method, path] = line.split(" ") as [string, string];
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
      return { status: response.status, retryAfter: response.headers.get("Retry-After"), text: await response.text() };
    };
    await until(
      () => ask("GET /readyz").then(({ status }) => status === 503, () => false),
      "the server says that it waits",
    );
    assertMatch((await ask("GET /readyz")).text, /"ready":false.*"no-database".*waits for its database/);
    assertEquals((await ask("GET /healthz")).status, 200);
    const creation = { "Tus-Resumable": "1.0.0", "Upload-Length": "5", Authorization: `Bearer ${TOKEN}` };
    for (const line of ["POST /files", "GET /files/x", "GET /"]) {
      const { status, retryAfter, text } = await ask(line, creation);
      assertEquals([line, status, retryAfter, text.includes("waits for its database")], [line, 503, "2", true]);
    }
    // The usual clients of tus begin anew after any other refusal of a HEAD.
    assertEquals((await ask("HEAD /files/x", creation)).status, 423);
    await own.start();
    await using pawl = await starting;
    await until(async () => (await ask("GET /readyz")).status === 200, "the server is ready");
    assertEquals((await ask("POST /files", creation)).status, 201);
    const lines = pawl.output().split("\n").filter((line) => line.includes("gives no answer"));
    assertEquals(lines.length, 1, pawl.output());
    assertMatch(lines[0]!, /The database gives no answer, and the server waits for it: /);
  },
);

postgresTest("a wrong password, role or database ends the start at once, in plain words", async () => {
  server ??= await startPostgres();
  await using dir = await tempDir();
  await using s3 = startFakeS3();
  const address = await server.schema();
  const connection = createConnection(address, { max: 1, deadlineMs: PATIENCE_MS });
  await connection.query("CREATE ROLE guarded LOGIN PASSWORD 'right'");
  await connection.close();
  const folder = new URL(address).searchParams.get("host");
  await Deno.writeTextFile(
    `${folder}/data/pg_hba.conf`,
    "local all guarded scram-sha-256\nlocal all all trust\n",
  );
  await server.crash();
  await server.start();
  for (
    const [database, told] of [
      [address.replace("/postgres?", "/none?"), 'database "none" does not exist'],
      [address.replace("pawl@", "nobody@"), 'role "nobody" does not exist'],
      [address.replace("pawl@", "guarded:secret@"), 'password authentication failed for user "guarded"'],
    ] as const
  ) {
    const env = { PAWL_DATABASE: database, PAWL_BUCKET: s3.address };
    const { code, stderr } = await runPawl(["--port", "0", "--data", dir.path], env);
    assertEquals([code, stderr], [1, `The database refuses: ${told}\n`]);
  }
});

postgresTest("a key that may not use the bucket ends the start at once, in plain words", async () => {
  server ??= await startPostgres();
  await using dir = await tempDir();
  await using s3 = startFakeS3({ denied: ["s3:ListBucket"] });
  const env = { PAWL_DATABASE: await server.schema(), PAWL_BUCKET: s3.address };
  const { code, stderr } = await runPawl(["--port", "0", "--data", dir.path], env);
  assertEquals(code, 1);
  assertMatch(stderr, /^The bucket http:\S+ cannot be used: .*403 AccessDenied: allow the key s3:ListBucket\n$/);
});
