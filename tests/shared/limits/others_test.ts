import { assertEquals } from "@std/assert";
import { SharedNeighbours } from "../../../server/http/neighbours.ts";
import { createAdmission } from "../../../server/http/admission.ts";
import { createBroadcast } from "../../../server/storage/postgres/broadcast.ts";
import { createConnection } from "../../../server/storage/postgres/connection.ts";
import type { SentHeaders } from "../../support/access_site.ts";
import { makeLink, visitorOf } from "../../support/links.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { openSharedSite, type SharedInstance, type SharedSite, type SharedWishes } from "../../support/shared_site.ts";
import { PATIENCE_MS, until } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

const open = async (wishes: SharedWishes): Promise<SharedSite> =>
  await openSharedSite(server ??= await startPostgres(), wishes);

const TUS = { "Tus-Resumable": "1.0.0" };
const named = (path: string) => ({
  "Upload-Metadata": `filename ${btoa(path.split("/").at(-1)!)},relativePath ${btoa(path)}`,
});

const create = (at: SharedInstance, headers: SentHeaders, address?: string) =>
  at.ask("POST /files/", { ...TUS, "Upload-Length": "5", ...headers }, address === undefined ? {} : { address });

async function createMany({ instances }: SharedSite, count: number, headers: SentHeaders, address?: string) {
  const made = await Promise.all(
    Array.from({ length: count }, (_, at) => create(instances[at % instances.length]!, headers, address)),
  );
  return { made, begun: made.filter(({ status }) => status === 201) };
}

const limitsOf = async (at: SharedInstance, who: SentHeaders) =>
  JSON.parse((await at.ask("GET /api/limits", who)).text);

postgresTest("an owner and an address have so many unfinished uploads at all instances together", async () => {
  await using site = await open({ maxUnfinished: 5 });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  const [anna, bob] = [await site.token({ name: "anna" }), await site.token({ name: "bob" })];
  const { made, begun } = await createMany(site, 16, anna);
  assertEquals([begun.length, (await limitsOf(one, anna)).unfinished], [5, 5]);
  const refused = made.find(({ status }) => status !== 201)!;
  assertEquals([refused.status, refused.headers.get("x-error")], [429, "too-many-unfinished"]);
  assertEquals(refused.text, "You have 5 unfinished uploads, which is the limit: finish or delete some first");
  // The metrics of each instance tell the sums of all.
  await until(async () => {
    const metrics =
      await (await other.pawl.adminApp(new Request("http://localhost/metrics", { headers: { Host: "localhost" } })))
        .text();
    return /^pawl_uploads_unfinished 5$/m.test(metrics);
  }, "the metrics tell it");
  await other.ask(`DELETE ${begun[0]!.headers.get("location")}`, { ...TUS, ...anna });
  assertEquals([(await create(one, anna)).status, (await create(other, anna)).status], [201, 429]);
  const byAddress = await createMany(site, 16, bob, "192.0.2.1");
  assertEquals(byAddress.begun.length, 5);
  // A finished one leaves room for the next.
  const path = byAddress.begun[0]!.headers.get("location");
  const bytes = { ...TUS, ...bob, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0" };
  assertEquals((await one.ask(`PATCH ${path}`, bytes, { body: "hello" })).status, 204);
  assertEquals((await create(other, bob, "192.0.2.1")).status, 201);
});

postgresTest("an address begins so many uploads in a second at all instances together", async () => {
  await using site = await open({ maxBegunPerSecond: 4 });
  const anna = await site.token({ name: "anna" });
  const { made, begun } = await createMany(site, 16, anna, "192.0.2.1");
  // A machine that stands still for a moment is given more.
  const allowed = (await site.run<{ allowance: number }>("SELECT allowance FROM paces")).length;
  assertEquals(allowed, 1);
  assertEquals(begun.length >= 4 && begun.length < 16, true, `${begun.length}`);
  const refused = made.find(({ status }) => status !== 201)!;
  assertEquals([refused.status, refused.headers.get("x-error")], [429, "too-many-begun"]);
  assertEquals((await createMany(site, 2, anna, "192.0.2.2")).begun.length, 2);
});

postgresTest("the uploads of one owner make so many folders at all instances together", async () => {
  await using site = await open({ maxFolders: 4 });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  const anna = await site.token({ name: "anna" });
  const made = await Promise.all(
    Array.from({ length: 12 }, (_, at) => create(at % 2 ? one : other, { ...anna, ...named(`${at}/a`) })),
  );
  const begun = made.filter(({ status }) => status === 201);
  assertEquals([begun.length, (await limitsOf(other, anna)).folders], [4, 4]);
  assertEquals(made.find(({ status }) => status !== 201)?.headers.get("x-error"), "too-many-folders");
  // Folders that are there take more files, and those that went with their last one make room.
  const kept = made.findIndex(({ status }) => status === 201);
  assertEquals((await create(one, { ...anna, ...named(`${kept}/b`) })).status, 201);
  const gone = made.findLastIndex(({ status }) => status === 201);
  await one.ask(`DELETE ${made[gone]!.headers.get("location")}`, { ...TUS, ...anna });
  await until(async () => (await create(other, { ...anna, ...named("new/a") })).status === 201, "a folder has room");
  assertEquals((await create(one, { ...anna, ...named("newer/a") })).status, 507);
});

postgresTest("an upload link takes so many files and bytes at all instances together", async () => {
  await using site = await open({});
  const [one] = site.instances as [SharedInstance];
  const anna = await site.token({ name: "anna" });
  const visitor = visitorOf(await makeLink(one, anna, { kind: "upload", maxFiles: 3, quota: 1000 }));
  const { made, begun } = await createMany(site, 12, visitor);
  assertEquals([begun.length, made.find(({ status }) => status !== 201)?.text], [
    3,
    "This link takes 3 files, and has them",
  ]);
  const other = visitorOf(await makeLink(one, anna, { kind: "upload", quota: 12 }));
  assertEquals((await createMany(site, 8, other)).begun.length, 2);
});

postgresTest("an address that has many requests at one instance has fewer at the others", async () => {
  server ??= await startPostgres();
  const url = await server.schema();
  const connections = [0, 1].map(() => createConnection(url, { deadlineMs: PATIENCE_MS }));
  const instanceAt = (at: number) => {
    const broadcast = createBroadcast(connections[at]!, `instance ${at}`);
    const neighbours = new SharedNeighbours(broadcast, { monotonic: () => performance.now(), tellEveryMs: 50 });
    return { neighbours, admission: createAdmission({ maxPerAddress: 8 }, neighbours) };
  };
  const [one, other] = [instanceAt(0), instanceAt(1)];
  const done = Promise.withResolvers<void>();
  const admit = (at: typeof one, address = "192.0.2.1") => {
    try {
      at.admission.admit(address, { completed: done.promise });
      return true;
    } catch {
      return false;
    }
  };
  for (let at = 0; at < 6; at++) assertEquals(admit(one), true);
  await until(() => Promise.resolve(other.neighbours.countOf("192.0.2.1") === 6), "the other instance has heard");
  assertEquals([admit(other), admit(other), admit(other), admit(other, "192.0.2.2")], [true, true, false, true]);
  done.resolve();
  await until(() => Promise.resolve(other.neighbours.countOf("192.0.2.1") === 0), "the requests have ended");
  assertEquals(admit(other), true);
  one.neighbours[Symbol.dispose]();
  other.neighbours[Symbol.dispose]();
  await Promise.all(connections.map((connection) => connection.close()));
});
