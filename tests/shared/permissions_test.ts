import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { parse, parseAllDocuments } from "yaml";
import { someBytes } from "../support/bytes.ts";
import { type Ceph, cephTest, isCephIgnored, startCeph } from "../support/ceph.ts";
import { POSTGRES, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { startPawl } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";

let ceph: Ceph | undefined;
let postgres: PostgresServer | undefined;
Deno.test.afterAll(async () => {
  await ceph?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const read = (name: string) => Deno.readTextFile(new URL(`../../deploy/${name}`, import.meta.url));
const compose = parse(await read("compose.many.yaml"), { merge: true });
const [, deployment] = parseAllDocuments(await read("kubernetes.many.yaml")).map((one) => one.toJS());
const COMMANDS: readonly (readonly [name: string, words: readonly string[], secrets: string])[] = [
  ["compose.many.yaml", compose.services["pawl-1"].entrypoint, "/run/secrets"],
  ["kubernetes.many.yaml", deployment.spec.template.spec.containers[0].command, "/run/stores"],
];
const isIgnored = isCephIgnored || POSTGRES === undefined && Deno.env.get("PAWL_REQUIRE_BROWSER") !== "1";
const test = isIgnored ? (name: string) => Deno.test.ignore(`${name} (needs PostgreSQL and Ceph)`, () => {}) : cephTest;

for (const [name, words, secrets] of COMMANDS) {
  test(`the permissions in ${name} are enough for an upload to PostgreSQL and Ceph, with secrets in files`, async () => {
    ceph ??= await startCeph();
    postgres ??= await startPostgres();
    await using dir = await tempDir();
    const [data, files] = [join(dir.path, "data"), join(dir.path, "secrets")];
    await Deno.mkdir(files);
    // A pod has its database at an address, and this test's is on a Unix socket.
    const url = await postgres.schema();
    const socket = new URL(url).searchParams.get("host")!;
    await Deno.writeTextFile(join(files, "database"), `${url}\n`);
    await Deno.writeTextFile(join(files, "bucket"), `${ceph.address()}\n`);
    const root = fromFileUrl(new URL("../../", import.meta.url)).replace(/\/$/, "");
    const permissions = words.filter((word) => word.startsWith("--allow-")).map((word) =>
      word.replaceAll("/app/", `${root}/`).replaceAll(/(?<==|,)\/data/g, data).replaceAll(secrets, files)
    ).map((word) => /^--allow-(?:read|write)/.test(word) ? `${word},${socket}` : word);
    const TOKEN = "0123456789012345678901234567";
    const env = {
      PAWL_DATABASE_FILE: join(files, "database"),
      PAWL_BUCKET_FILE: join(files, "bucket"),
      PAWL_TOKEN: TOKEN,
      PAWL_LOG_LEVEL: "warning",
    };
    await using pawl = await startPawl(data, { env, permissions });
    const headers = { Authorization: `Bearer ${TOKEN}`, "X-File-Id": "a" };
    const bytes = someBytes(100_000);
    const sent = await fetch(`${pawl.url}/upload`, { method: "POST", headers, body: bytes });
    assertEquals([sent.status, await sent.text()], [200, `Success ${bytes.length}`]);
    const ready = await fetch(`${pawl.url}/readyz`);
    await ready.body?.cancel();
    assertEquals(ready.status, 200);
    assertEquals(await pawl.stop("SIGTERM"), 0);
    assertEquals(/NotCapable|Requires/.test(pawl.output()), false, pawl.output());
  });
}
