import { assertEquals } from "@std/assert";
import type { Connection } from "../../../server/storage/postgres/connection.ts";
import type { Value } from "../../../server/storage/postgres/pool.ts";
import { noDatabase } from "../../../server/storage/postgres/no_database.ts";
import { openBodyOf } from "../../support/open_body.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { openSharedSite, type SharedInstance } from "../../support/shared_site.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream" };

type Run = () => Promise<unknown>;

/** Lets a test do something else with a statement: `run` does it, and what `instead` throws is the answer. */
function steeredBy(instead: (text: string, values: readonly Value[], run: Run) => Promise<void>) {
  return (connection: Connection, index: number): Connection => ({
    ...connection,
    async query(text, values = []) {
      if (index === 0) await instead(text, values, () => connection.query(text, values));
      return await connection.query(text, values);
    },
  });
}

const isCommitOf = (words: string, text: string, values: readonly Value[]) =>
  text.startsWith("SELECT change_") && String(values[1]).includes(words);

postgresTest("a small file whose commit may be done late is recorded once, and loses no bytes", async () => {
  let late: Run | undefined;
  let isLost = false;
  const steered = steeredBy(async (text, values, run) => {
    if (!isLost && isCommitOf("complete", text, values)) {
      isLost = true;
      late = run;
      throw noDatabase();
    }
    // The removal waits for the commit, which has locked the row.
    if (text.includes("DELETE FROM bytes")) await late?.().catch(() => {}).finally(() => late = undefined);
  });
  await using site = await openSharedSite(server ??= await startPostgres(), { open: true, count: 1, steered });
  const [one] = site.instances as [SharedInstance];
  const sent = await one.ask("POST /upload", { "X-File-Id": "a", "X-File-Name": "a.txt" }, { body: "12345" });
  assertEquals(isLost, true);
  const states = await site.run("SELECT value::json->>'state' AS state FROM entries WHERE value LIKE '{%state%'");
  assertEquals([sent.status, states], [200, [{ state: "complete" }]], sent.text);
});

postgresTest("an offset that was recorded stays, when the instance that recorded it has lost the answer", async () => {
  const done = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const steered = steeredBy(async (text, values, run) => {
    if (!isCommitOf(String.raw`\"offset\":1000`, text, values)) return;
    await run();
    done.resolve();
    await gate.promise;
    throw noDatabase();
  });
  const patience = { waitMs: 200, silenceMs: 60_000 };
  const limits = { patience, appendPatience: patience, checkpointBytes: 1 };
  await using site = await openSharedSite(server ??= await startPostgres(), { open: true, limits, steered });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  const { headers } = await one.ask("POST /files/", { ...TUS, "Upload-Length": "2000" });
  const path = headers.get("location")!;
  const offset = async () => (await other.ask(`HEAD ${path}`, TUS)).headers.get("upload-offset");
  const sending = openBodyOf(new Uint8Array(1000));
  const sent = one.ask(`PATCH ${path}`, { ...BYTES, "Upload-Offset": "0" }, { body: sending.body });
  await done.promise;
  assertEquals(await offset(), "1000");
  gate.resolve();
  await sending.end(new Uint8Array(10));
  assertEquals((await sent).status, 503);
  assertEquals(await offset(), "1000");
});

postgresTest(
  "a file is not placed where an earlier commit wanted it, when another instance has finished it",
  async () => {
    let meanwhile: (() => Promise<void>) | undefined;
    const steered = steeredBy(async (text, values) => {
      if (meanwhile === undefined || !isCommitOf("complete", text, values)) return;
      const work = meanwhile;
      meanwhile = undefined;
      await work();
      throw noDatabase();
    });
    await using site = await openSharedSite(server ??= await startPostgres(), { open: true, silenceMs: 250, steered });
    const [one, other] = site.instances as [SharedInstance, SharedInstance];
    const metadata = { "Upload-Metadata": `filename ${btoa("a.txt")}` };
    const create = async () => {
      const { headers } = await one.ask("POST /files/", { ...TUS, ...metadata, "Upload-Length": "5" });
      return headers.get("location")!;
    };
    const patch = (at: SharedInstance, path: string, body: string) =>
      at.ask(`PATCH ${path}`, { ...BYTES, "Upload-Offset": "0" }, { body });
    const [path, before] = [await create(), await create()];
    const answers: number[] = [];
    meanwhile = async () => {
      site.silence(0);
      answers.push((await patch(other, before, "other")).status, (await patch(other, path, "12345")).status);
      // As if the other file was still to be placed.
      site.objects.objects.delete("files/a.txt");
    };
    const sent = await patch(one, path, "12345");
    const placed = [...site.objects.objects.keys()].filter((key) => key.startsWith("files/"));
    assertEquals([sent.status, answers, placed], [503, [204, 204], ["files/a (2).txt"]], sent.text);
  },
);
