import { assert, assertEquals } from "@std/assert";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { openSharedSite, type SharedInstance } from "../../support/shared_site.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

const TUS = { "Tus-Resumable": "1.0.0" };

async function part(at: SharedInstance, text: string): Promise<string> {
  const { status, headers } = await at.ask("POST /files/", {
    ...TUS,
    "Content-Type": "application/offset+octet-stream",
    "Upload-Length": `${text.length}`,
    "Upload-Concat": "partial",
  }, { body: text });
  assertEquals(status, 201);
  return headers.get("location")!;
}

const concatenate = (at: SharedInstance, paths: readonly string[]) =>
  at.ask("POST /files/", { ...TUS, "Upload-Concat": `final;${paths.join(" ")}` });

postgresTest("of two files that two instances make of one partial upload, one wins", async () => {
  await using site = await openSharedSite(server ??= await startPostgres(), { open: true });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  for (let round = 0; round < 4; round++) {
    const [shared, a, b] = [await part(one, "shared "), await part(one, "by one"), await part(other, "by the other")];
    const made = await Promise.all([concatenate(one, [shared, a]), concatenate(other, [shared, b])]);
    const won = made.findIndex(({ status }) => status === 201);
    const [winner, loser] = [made[won], made[1 - won]];
    assert(winner !== undefined, made.map(({ status, text }) => `${status} ${text}`).join());
    // It is told to try again, or that its partial upload has become a part of the other file.
    assert([423, 410, 404, 400].includes(loser!.status), `${loser!.status} ${loser!.text}`);
    const expected = ["shared by one", "shared by the other"][won];
    assertEquals((await other.ask(`GET ${winner.headers.get("location")}`)).text, expected);
    const left = await concatenate(site.instances[1 - won]!, [shared, won === 0 ? b : a]);
    assert([410, 404, 400].includes(left.status), `${left.status} ${left.text}`);
  }
});

postgresTest("a concatenation that is asked for at two instances makes one file", async () => {
  await using site = await openSharedSite(server ??= await startPostgres(), { open: true, quotaBytes: 1000 });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  for (let round = 0; round < 4; round++) {
    const parts = [await part(one, "abc"), await part(other, "def")];
    const made = await Promise.all([concatenate(one, parts), concatenate(other, parts)]);
    assertEquals(made.filter(({ status }) => ![201, 423, 409].includes(status)).map(({ text }) => text), []);
    const paths = made.filter(({ status }) => status === 201).map(({ headers }) => headers.get("location"));
    assert(paths.length > 0);
    assertEquals(new Set(paths).size, 1);
    assertEquals((await one.ask(`GET ${paths[0]}`)).text, "abcdef");
  }
  const files = [...site.objects.objects.keys()].filter((key) => key.startsWith("files/"));
  assertEquals(files.length, 4);
  assertEquals(
    await site.run("SELECT sum(bytes)::int AS bytes, sum(files)::int AS files FROM counters WHERE name = 'kept'"),
    [
      { bytes: 24, files: 4 },
    ],
  );
});
