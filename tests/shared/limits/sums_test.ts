import { assert, assertEquals } from "@std/assert";
import { createSameName } from "../../../server/model/same_name.ts";
import { linkOf, payerOf } from "../../../server/model/owner.ts";
import { reservedBytes } from "../../../server/model/upload.ts";
import { createRecords } from "../../../server/storage/kv/records.ts";
import { createConnection } from "../../../server/storage/postgres/connection.ts";
import { createEntries } from "../../../server/storage/postgres/entries.ts";
import { Held } from "../../../server/storage/postgres/held.ts";
import type { SentHeaders } from "../../support/access_site.ts";
import { makeLink, visitorOf } from "../../support/links.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { Random } from "../../support/random.ts";
import { openSharedSite, type SharedInstance, type SharedSite } from "../../support/shared_site.ts";
import { PATIENCE_MS } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream" };
const QUOTA = 4000;

/** The sums by name, as the records say them. */
async function expectedSums({ url }: SharedSite): Promise<Map<string, string>> {
  const connection = createConnection(url, { deadlineMs: PATIENCE_MS });
  const records = await createRecords(createEntries(connection, new Held()), createSameName({ ignoresCase: false }));
  const sums = new Map<string, [files: number, bytes: number]>();
  const add = (name: string, files: number, bytes: number) => {
    const [before, bytesBefore] = sums.get(name) ?? [0, 0];
    sums.set(name, [before + files, bytesBefore + bytes]);
  };
  for await (const upload of records.all()) {
    if (upload.state === "gone") continue;
    const link = linkOf(upload.owner);
    const names = ["kept", `kept by ${payerOf(upload.owner)}`, ...link === undefined ? [] : [`kept by ${link}`]];
    const isReceiving = upload.state === "receiving";
    const bytes = isReceiving ? reservedBytes(upload) : upload.length;
    for (const name of names) add(name, isReceiving && upload.partial ? 0 : 1, bytes);
    if (!isReceiving) continue;
    assertEquals(upload.concat, undefined);
    for (const name of ["open by " + (link ?? upload.owner), `open from ${upload.from}`]) add(name, 1, 0);
  }
  await connection.close();
  return new Map([...sums].filter(([, [files, bytes]]) => files + bytes > 0).map(([name, sum]) => [name, sum.join()]));
}

async function countedSums(site: SharedSite): Promise<Map<string, string>> {
  const rows = await site.run<{ name: string; sum: string }>(
    "SELECT name, sum(files) || ',' || sum(bytes) AS sum FROM counters WHERE name NOT LIKE 'folders %' " +
      "GROUP BY name HAVING sum(files) <> 0 OR sum(bytes) <> 0",
  );
  return new Map(rows.map(({ name, sum }) => [name, sum]));
}

/** A client that does what it likes, each time at another instance. */
async function play(
  { instances }: SharedSite,
  { who, address, seed }: { who: SentHeaders; address: string; seed: number },
): Promise<void> {
  const random = new Random(seed);
  const paths: string[] = [];
  const parts: string[] = [];
  const ask = (line: string, headers: SentHeaders, body?: string) =>
    random.pick(instances as [SharedInstance, SharedInstance]).ask(line, { ...headers, ...who }, {
      address,
      ...body !== undefined && { body },
    });
  const anyPath = () => random.pick(["/files/none", ...paths.slice(-6)]);
  const text = () => "x".repeat(1 + random.integer(0, 299));
  for (let step = 0; step < 40; step++) {
    const answer = await random.pick([
      () => ask("POST /files/", { ...TUS, "Upload-Length": `${random.integer(0, 499)}` }),
      () => ask("POST /files/", { ...TUS, "Upload-Defer-Length": "1" }),
      () => ask("POST /upload", { "X-File-Id": `${random.integer(0, 5)}` }, text()),
      async () => {
        const body = text();
        const made = await ask("POST /files/", {
          ...BYTES,
          "Upload-Length": `${body.length}`,
          "Upload-Concat": "partial",
        }, body);
        if (made.status === 201) parts.push(made.headers.get("location")!);
        return made;
      },
      () => {
        const wanted = parts.splice(0, 1 + random.integer(0, 1));
        if (random.chance(1 / 3)) wanted.push(...wanted.slice(0, 1));
        return ask("POST /files/", { ...TUS, "Upload-Concat": `final;${wanted.join(" ")}` });
      },
      async () => {
        const path = anyPath();
        const offset = (await ask(`HEAD ${path}`, TUS)).headers.get("upload-offset") ?? "0";
        return await ask(`PATCH ${path}`, { ...BYTES, "Upload-Offset": offset }, text());
      },
      () => ask(`DELETE ${anyPath()}`, TUS),
    ])();
    assert(answer.status !== 500, `${answer.status} ${answer.text}`);
    const location = answer.headers.get("location");
    if (location !== null) paths.push(location);
  }
}

for (const seed of [1, 2]) {
  postgresTest(
    `whatever clients do at two instances, the sums are those of the records, within the limits (${seed})`,
    async () => {
      server ??= await startPostgres();
      await using site = await openSharedSite(server, { quotaBytes: QUOTA, maxUnfinished: 12 });
      const [anna, bob] = [await site.token({ name: "anna" }), await site.token({ name: "bob" })];
      const link = await makeLink(site.instances[0]!, anna, { kind: "upload", maxFiles: 6 });
      const clients = [anna, anna, bob, visitorOf(link), visitorOf(link)];
      await Promise.all(
        clients.map((who, at) => play(site, { who, address: `192.0.2.${at % 2}`, seed: seed * 100 + at })),
      );
      const [counted, expected] = [await countedSums(site), await expectedSums(site)];
      assertEquals(counted, expected);
      const bytesOf = (name: string) => Number(counted.get(name)?.split(",")[1] ?? 0);
      for (const name of ["anna", "bob"]) assert(bytesOf(`kept by ${name}`) <= QUOTA);
      assert(bytesOf("kept") > 0);
      // Who holds nothing any more has no sums after a while.
      for (const who of [anna, bob]) {
        for (;;) {
          const { uploads } = JSON.parse((await site.instances[1]!.ask("GET /api/uploads", who)).text);
          if (uploads.length === 0) break;
          for (const { id } of uploads) await site.instances[0]!.ask(`DELETE /api/uploads/${id}`, who);
        }
      }
      await site.instances[0]!.pawl.sweep();
      const left = await site.run<{ name: string }>(
        "SELECT DISTINCT name FROM counters WHERE name NOT LIKE 'folders %'",
      );
      const byLink = left.filter(({ name }) =>
        !name.includes("anna") && name !== "kept" && !name.startsWith("open from")
      );
      assertEquals(byLink, []);
    },
  );
}
