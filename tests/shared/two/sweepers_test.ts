import { assert, assertEquals } from "@std/assert";
import { openBodyOf } from "../../support/open_body.ts";
import { type PostgresServer, postgresTest, startPostgres } from "../../support/postgres.ts";
import { SECRET, startReceiver } from "../../support/receiver.ts";
import { openSharedSite, type SharedInstance } from "../../support/shared_site.ts";
import { until } from "../../support/until.ts";

let server: PostgresServer | undefined;
Deno.test.afterAll(async () => await server?.[Symbol.asyncDispose]());

const TUS = { "Tus-Resumable": "1.0.0" };

const create = (at: SharedInstance, length = 5) => at.ask("POST /files/", { ...TUS, "Upload-Length": `${length}` });

postgresTest("one instance at a time delivers events, each once, and another one goes on when that ends", async () => {
  await using receiver = startReceiver();
  const hooks = { webhooks: [receiver.url], webhookSecret: SECRET, webhookAllowPrivate: true };
  server ??= await startPostgres();
  await using site = await openSharedSite(server, { open: true, ...hooks });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  await Promise.all([one, other, one, other].map((at) => create(at)));
  const count = () => receiver.received.length;
  await until(() => Promise.resolve(count() >= 4), "the events have come");
  await one.pawl.interrupt();
  await create(other);
  await until(() => Promise.resolve(count() >= 5), "the other instance delivers");
  const ids = receiver.received.map(({ id }) => id);
  assertEquals([ids.length, new Set(ids).size], [5, 5]);
  assert(receiver.received.every(({ type }) => type === "upload.created"));
});

postgresTest("what two instances find expired at the same time ends once, and is counted no more", async () => {
  await using receiver = startReceiver();
  const hooks = { webhooks: [receiver.url], webhookSecret: SECRET, webhookAllowPrivate: true };
  const clock = { now: Date.now() };
  server ??= await startPostgres();
  await using site = await openSharedSite(server, {
    open: true,
    ...hooks,
    webhookEvents: ["upload.terminated", "upload.expired"],
    quotaBytes: 100,
    expireAfterMs: 1000,
    now: () => clock.now,
  });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  const made = await Promise.all([one, other, one, other].map((at) => create(at, 25)));
  assertEquals(made.map(({ status }) => status), [201, 201, 201, 201]);
  assertEquals((await create(other, 1)).status, 507);
  clock.now += 2000;
  await Promise.all([one, other, one, other].map(({ pawl }) => pawl.sweep()));
  await until(async () => {
    await other.pawl.sweep();
    return (await create(one, 100)).status === 201;
  }, "all is swept");
  clock.now += 60_000;
  await until(() => Promise.resolve(receiver.received.length >= 4), "the events have come");
  assertEquals(receiver.received.map(({ type }) => type), Array.from({ length: 4 }, () => "upload.expired"));
  for (const { headers } of made) {
    assertEquals((await one.ask(`HEAD ${headers.get("location")}`, TUS)).status, 410);
  }
});

postgresTest("an upload that a request holds at another instance does not expire under it", async () => {
  const clock = { now: Date.now() };
  server ??= await startPostgres();
  await using site = await openSharedSite(server, {
    open: true,
    silenceMs: 250,
    expireAfterMs: 1000,
    now: () => clock.now,
  });
  const [one, other] = site.instances as [SharedInstance, SharedInstance];
  const path = (await create(one, 10)).headers.get("location")!;
  const sending = openBodyOf(new Uint8Array(4));
  const headers = { ...TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0" };
  const sent = one.ask(`PATCH ${path}`, headers, { body: sending.body });
  await sending.read;
  clock.now += 2000;
  for (const { pawl } of site.instances) await pawl.sweep();
  await sending.end(new Uint8Array(6));
  assertEquals((await sent).status, 204);
  // One that nobody holds expires, also after an instance that held it has fallen silent.
  const silent = (await create(one, 10)).headers.get("location")!;
  const hanging = openBodyOf(new Uint8Array(4));
  const lost = one.ask(`PATCH ${silent}`, headers, { body: hanging.body });
  await hanging.read;
  site.silence(0);
  clock.now += 2000;
  await other.pawl.sweep();
  assertEquals((await other.ask(`HEAD ${silent}`, TUS)).status, 410);
  await hanging.end();
  await lost;
});

postgresTest("uploads of a database from before they were counted are counted at the first start", async () => {
  server ??= await startPostgres();
  const wishes = { open: true, quotaBytes: 100 };
  await using before = await openSharedSite(server, { ...wishes, count: 1 });
  const [old] = before.instances as [SharedInstance];
  assertEquals((await create(old, 60)).status, 201);
  const sent = await old.ask("POST /upload", { "X-File-Id": "a" }, { body: "x".repeat(30) });
  assertEquals(sent.status, 200);
  await before.run("DELETE FROM counted");
  await before.run("DELETE FROM counters");
  await using site = await openSharedSite(server, { ...wishes, url: before.url, objects: before.objects });
  await Promise.all(site.instances.map(({ pawl }) => pawl.repair(new AbortController().signal)));
  const kept = "SELECT sum(files)::int AS files, sum(bytes)::int AS bytes FROM counters WHERE name = 'kept'";
  assertEquals(await site.run(kept), [{ files: 2, bytes: 90 }]);
  assertEquals((await create(site.instances[1]!, 11)).status, 507);
  // It is done once.
  await site.run("DELETE FROM counted");
  await site.instances[0]!.pawl.repair(new AbortController().signal);
  assertEquals(await site.run("SELECT id FROM counted"), []);
});
