import { assert, assertEquals } from "@std/assert";
import type { SentHeaders } from "../../support/access_site.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { openSharedSite, type SharedInstance, type SharedSite, type SharedWishes } from "../../support/shared_site.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

const open = async (wishes: SharedWishes): Promise<SharedSite> =>
  await openSharedSite(server ??= await startPostgres(), wishes);

const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream" };

const create = (at: SharedInstance, headers: SentHeaders) => at.ask("POST /files/", { ...TUS, ...headers });
const simple = (at: SharedInstance, who: SentHeaders, id: string, length: number) =>
  at.ask("POST /upload", { ...who, "X-File-Id": id }, { body: "x".repeat(length) });
const used = async (at: SharedInstance, who: SentHeaders) =>
  JSON.parse((await at.ask("GET /api/limits", who)).text).used;

postgresTest("creations at two instances cannot keep together what one could not", async () => {
  await using site = await open({ quotaBytes: 100 });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  const anna = await site.token({ name: "anna" });
  const created = await Promise.all(Array.from({ length: 40 }, (_, at) => {
    const instance = at % 2 === 0 ? one : other;
    return at % 4 < 2 ? create(instance, { ...anna, "Upload-Length": "10" }) : simple(instance, anna, `${at}`, 10);
  }));
  const statuses = created.map(({ status }) => status);
  assertEquals(statuses.filter((status) => status < 300).length, 10);
  assertEquals(statuses.filter((status) => status === 507).length, 30);
  assertEquals([await used(one, anna), await used(other, anna)], [100, 100]);
  const refused = created.find(({ status }) => status === 507)!;
  assertEquals(refused.headers.get("x-error"), "over-quota");
  assertEquals(refused.text, "You may keep 100 bytes, and have 100, so 10 more are too many: delete some first");
  // Refused files leave nothing.
  const objects = [...site.objects.objects.keys()].filter((key) => key.startsWith("files/"));
  assertEquals(objects.length, created.filter(({ status }) => status === 200).length);
});

postgresTest("what is deleted at one instance, unfinished or finished, is free at the other", async () => {
  await using site = await open({ quotaBytes: 100 });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  const anna = await site.token({ name: "anna" });
  assertEquals((await simple(one, anna, "a", 40)).status, 200);
  const { headers } = await create(other, { ...anna, "Upload-Length": "60" });
  assertEquals((await simple(one, anna, "b", 1)).status, 507);
  await one.ask(`DELETE ${headers.get("location")}`, { ...TUS, ...anna });
  assertEquals([await used(one, anna), (await simple(other, anna, "b", 60)).status], [40, 200]);
  const list = JSON.parse((await other.ask("GET /api/uploads", anna)).text).uploads;
  for (const { id } of list) await one.ask(`DELETE /api/uploads/${id}`, anna);
  assertEquals([await used(one, anna), (await simple(other, anna, "c", 100)).status], [0, 200]);
});

postgresTest("a quota in all, and one of a token, count at all instances together", async () => {
  await using site = await open({ totalBytes: 100 });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  const anna = await site.token({ name: "anna", quotaBytes: 60 });
  const bob = await site.token({ name: "bob" });
  const [first, second] = await Promise.all([simple(one, anna, "a", 40), simple(other, anna, "b", 40)]);
  assertEquals([first.status, second.status].sort(), [200, 507]);
  const [third, fourth] = await Promise.all([simple(one, bob, "a", 40), simple(other, bob, "b", 40)]);
  assertEquals([third.status, fourth.status].sort(), [200, 507]);
  const refused = await simple(other, bob, "c", 21);
  assertEquals(refused.text, "The server keeps 100 bytes in all, and has no room for 21 more");
  assertEquals((await simple(one, anna, "c", 20)).status, 200);
});

postgresTest("uploads without a length at two instances take no more together than the limit", async () => {
  await using site = await open({ quotaBytes: 10_000_000 });
  const anna = await site.token({ name: "anna" });
  const paths = await Promise.all(site.instances.map(async (at) => {
    const { headers } = await create(at, { ...anna, "Upload-Defer-Length": "1" });
    return headers.get("location")!;
  }));
  // Each would fit alone.
  const patched = await Promise.all(site.instances.map((at, index) => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        controller.enqueue(new Uint8Array(50_000));
        if ((sent += 50_000) === 6_000_000) controller.close();
      },
    });
    return at.ask(`PATCH ${paths[index]}`, { ...BYTES, ...anna, "Upload-Offset": "0" }, { body });
  }));
  assertEquals(patched.map(({ status }) => status).filter((status) => status !== 204 && status !== 507), []);
  assert(patched.some(({ status }) => status === 507));
  const offsets = await Promise.all(site.instances.map(async (at, index) => {
    const { headers } = await at.ask(`HEAD ${paths[1 - index]}`, { ...TUS, ...anna });
    return Number(headers.get("upload-offset"));
  }));
  const all = offsets[0]! + offsets[1]!;
  // Neither goes on when both have met the limit, and nearly all of it is used.
  assert(all <= 10_000_000 && all > 9_800_000, `${offsets}`);
  // Nothing but what came is reserved when the requests have ended.
  assertEquals(await used(site.instances[0]!, anna), all);
});

postgresTest("what a dead instance has reserved for bytes to come is given back", async () => {
  const quotaBytes = 10_000_000;
  await using site = await open({ quotaBytes, count: 3 });
  const [dead, one, other] = site.instances as [SharedInstance, SharedInstance, SharedInstance];
  const anna = await site.token({ name: "anna" });
  const { headers } = await create(dead, { ...anna, "Upload-Defer-Length": "1" });
  const begun = Promise.withResolvers<void>();
  let pieces = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (pieces++ === 0) return controller.enqueue(new Uint8Array(1000));
      begun.resolve();
      return new Promise(() => {});
    },
  }, { highWaterMark: 0 });
  const sending = dead.ask(`PATCH ${headers.get("location")}`, { ...BYTES, ...anna, "Upload-Offset": "0" }, { body });
  await begun.promise;
  const reserved = await used(one, anna);
  assert(reserved > 1_000_000, `${reserved}`);
  // The sweep of any instance looks for holders that record nothing any more.
  await site.run("UPDATE bytes SET touched_at = touched_at - interval '1 hour'");
  await other.pawl.sweep();
  assertEquals(await used(one, anna), 0);
  assertEquals((await simple(one, anna, "a", 100)).status, 200);
  await other.ask(`HEAD ${headers.get("location")}`, { ...TUS, ...anna });
  assertEquals((await sending).status, 409);
  assertEquals(await used(one, anna), 1100);
});

postgresTest("partial uploads and the file that is made of them are counted once", async () => {
  await using site = await open({ quotaBytes: 100 });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  const anna = await site.token({ name: "anna" });
  const part = async (at: SharedInstance, text: string) => {
    const headers = { ...BYTES, ...anna, "Upload-Length": `${text.length}`, "Upload-Concat": "partial" };
    return (await at.ask("POST /files/", headers, { body: text })).headers.get("location")!;
  };
  const concatenate = (at: SharedInstance, paths: readonly string[]) =>
    create(at, { ...anna, "Upload-Concat": `final;${paths.join(" ")}` });
  const parts = [await part(one, "x".repeat(40)), await part(other, "y".repeat(30))];
  // The first one twice takes 40 bytes more than there are.
  assertEquals((await concatenate(one, [...parts, parts[0]!])).status, 507);
  assertEquals(await used(one, anna), 70);
  const final = await concatenate(other, parts);
  assertEquals([final.status, await used(one, anna)], [201, 70]);
  await one.ask(`DELETE ${final.headers.get("location")}`, { ...TUS, ...anna });
  assertEquals(await used(one, anna), 0);
  const twice = await part(one, "z".repeat(50));
  assertEquals([(await concatenate(other, [twice, twice])).status, await used(one, anna)], [201, 100]);
});
