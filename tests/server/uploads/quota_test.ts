import { assertEquals } from "@std/assert";
import { createSameName } from "../../../server/model/same_name.ts";
import { completed, gone } from "../../../server/model/upload.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import { Quota } from "../../../server/uploads/quota.ts";
import { openAccessSite, type SentHeaders } from "../../support/access_site.ts";
import { BYTES, create, simple, TUS, upload, used, usedByAnna } from "../../support/quota.ts";

Deno.test("an owner keeps so many bytes, finished and unfinished, and what goes past them is refused before it comes", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", quotaBytes: 100 });
  const [anna, bob] = [await site.token({ name: "anna" }), await site.token({ name: "bob" })];
  assertEquals((await simple(site, anna, "a", 40)).status, 200);
  const open = await create(site, { ...anna, "Upload-Length": "50" });
  assertEquals([open.status, await used(site, anna)], [201, 90]);
  const refused = await create(site, { ...anna, "Upload-Length": "11" });
  assertEquals([refused.status, refused.headers.get("x-error")], [507, "over-quota"]);
  assertEquals(refused.text, "You may keep 100 bytes, and have 90, so 11 more are too many: delete some first");
  assertEquals((await simple(site, anna, "b", 11)).text, refused.text);
  assertEquals((await site.ask("GET /status", { ...anna, "X-File-Id": "b" })).text, "0");
  assertEquals((await simple(site, bob, "a", 100)).status, 200);
  site.now++;
  assertEquals((await simple(site, anna, "c", 10)).status, 200);
  // What is deleted, unfinished or finished, is free again.
  await site.ask(`DELETE ${open.headers.get("location")}`, { ...TUS, ...anna });
  assertEquals(await used(site, anna), 50);
  const [finished] = JSON.parse((await site.ask("GET /api/uploads", anna)).text).uploads;
  await site.ask(`DELETE /api/uploads/${finished.id}`, anna);
  assertEquals([await used(site, anna), await used(site, bob)], [40, 100]);
  assertEquals(await site.pawl.finishedNames(), ["a", "a (2)"]);
});

Deno.test("creations that run together cannot keep together what one could not", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", quotaBytes: 100 });
  const anna = await site.token({ name: "anna" });
  const created = await Promise.all(
    Array.from(
      { length: 30 },
      (_, number) =>
        number % 2 ? create(site, { ...anna, "Upload-Length": "10" }) : simple(site, anna, `${number}`, 10),
    ),
  );
  assertEquals(created.filter(({ status }) => status < 300).length, 10);
  assertEquals(await used(site, anna), 100);
});

Deno.test("an upload whose length nobody has told takes its bytes as they come, and keeps those that fitted", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", quotaBytes: 100 });
  const anna = await site.token({ name: "anna" });
  const begin = async () => (await create(site, { ...anna, "Upload-Defer-Length": "1" })).headers.get("location") ?? "";
  const [first, second] = [await begin(), await begin()];
  const patch = (path: string, offset: number, length: number, more: SentHeaders = {}) =>
    site.ask(`PATCH ${path}`, { ...BYTES, ...anna, "Upload-Offset": `${offset}`, ...more }, {
      body: "x".repeat(length),
    });
  assertEquals((await patch(first, 0, 60)).status, 204);
  const refused = await patch(second, 0, 41);
  assertEquals([refused.status, refused.headers.get("x-error")], [507, "over-quota"]);
  assertEquals((await patch(second, 0, 40)).status, 204);
  // A length that is told later is reserved then.
  assertEquals((await patch(first, 60, 0, { "Upload-Length": "61" })).status, 507);
  assertEquals((await patch(first, 60, 0, { "Upload-Length": "60" })).status, 204);
  assertEquals(await used(site, anna), 100);
  await site.ask(`DELETE ${second}`, { ...TUS, ...anna });
  const third = await begin();
  // An announced body is refused before its first byte, and any other one where it goes past the limit.
  for (const [announced, offset] of [[{ "Content-Length": "100" }, "0"], [{}, "40"]] as const) {
    const body = new ReadableStream({
      start(controller) {
        for (let piece = 0; piece < 10; piece++) controller.enqueue(new Uint8Array(10));
        controller.close();
      },
    });
    const headers = { ...BYTES, ...anna, "Upload-Offset": "0", ...announced };
    const answer = await site.pawl.app(new Request(`http://localhost${third}`, { method: "PATCH", headers, body }));
    await answer.body?.cancel();
    const { headers: told } = await site.ask(`HEAD ${third}`, { ...TUS, ...anna });
    assertEquals([announced, answer.status, told.get("upload-offset")], [announced, 507, offset]);
  }
  assertEquals(await used(site, anna), 100);
});

Deno.test("partial uploads and the file that is made of them are counted once", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", quotaBytes: 100 });
  const anna = await site.token({ name: "anna" });
  const part = async (text: string) => await site.send(anna, text, { "Upload-Concat": "partial" });
  const parts = [await part("x".repeat(40)), await part("y".repeat(30))];
  const concatenate = (paths: string[]) => create(site, { ...anna, "Upload-Concat": `final;${paths.join(" ")}` });
  // The first one twice takes 40 bytes more than there are.
  assertEquals((await concatenate([...parts, parts[0]!])).status, 507);
  assertEquals(await used(site, anna), 70);
  const final = await concatenate(parts);
  assertEquals([final.status, await used(site, anna)], [201, 70]);
  await site.ask(`DELETE ${final.headers.get("location")}`, { ...TUS, ...anna });
  assertEquals(await used(site, anna), 0);
  const twice = await part("z".repeat(50));
  assertEquals([(await concatenate([twice, twice])).status, await used(site, anna)], [201, 100]);
});

Deno.test("a token has a quota of its own, and the server a limit in all", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", totalBytes: 100 });
  const anna = await site.token({ name: "anna", quotaBytes: 60 });
  const bob = await site.token({ name: "bob" });
  assertEquals((await simple(site, anna, "a", 61)).status, 507);
  assertEquals((await simple(site, anna, "a", 60)).status, 200);
  const refused = await simple(site, bob, "b", 41);
  assertEquals(refused.text, "The server keeps 100 bytes in all, and has no room for 41 more");
  assertEquals((await simple(site, bob, "b", 40)).status, 200);
});

Deno.test("the bytes of a finished file are given back once, however many requests end it together", async () => {
  using stored = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  const quota = new Quota({ ownerBytes: 100, totalBytes: Infinity }, () => 0);
  const records = quota.watch(stored);
  const done = completed({ ...upload("1", 30), offset: 30 }, "1", 0);
  await records.create(done);
  await records.create(upload("2", 60));
  // A person's hand and a request for the same name can end it beside the request that deletes it.
  const ends = ["terminated", "taken", "taken"] as const;
  await Promise.all(ends.map((reason) => records.replace(done, gone(done, reason, 9))));
  assertEquals(await usedByAnna(quota), 60);
  await records.replace(done, gone(done, "terminated", 9));
  assertEquals(await usedByAnna(quota), 60);
});

Deno.test("the bytes of a partial upload that is deleted while it is concatenated stay counted, once", async () => {
  using stored = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  const quota = new Quota({ ownerBytes: 100, totalBytes: Infinity }, () => 0);
  const records = quota.watch(stored);
  const parts = [upload("1", 20, { partial: true }), upload("2", 70, { partial: true })];
  for (const part of parts) await records.create(part);
  const concat = { partials: parts.map(({ id, length = 0 }) => ({ id, length })), asSent: "" };
  const final = (id: string) => upload(id, 90, { concat });
  for (const id of ["lost", "made"]) {
    await records.create(final(id));
    assertEquals([id, await usedByAnna(quota)], [id, 90]);
    if (id === "lost") await records.replace(final(id), gone(final(id), "lost", 9));
  }
  await records.replace(parts[0]!, gone(parts[0]!, "concatenated", 9));
  await records.replace(parts[1]!, gone(parts[1]!, "terminated", 9));
  assertEquals(await usedByAnna(quota), 90);
  assertEquals(await records.create(upload("3", 11)).catch(({ code }) => code), "over-quota");
  const done = completed({ ...final("made"), offset: 90 }, "made", 0);
  await records.replace(final("made"), done);
  assertEquals(await usedByAnna(quota), 90);
  await records.replace(done, gone(done, "terminated", 9));
  assertEquals(await usedByAnna(quota), 0);
});

Deno.test("uploads that begin anew need no room beside those before them, and a begin that fails changes nothing", async () => {
  using stored = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  const quota = new Quota({ ownerBytes: 100, totalBytes: Infinity }, () => 0);
  let failure: Error | undefined;
  const records = quota.watch({
    ...stored,
    create: (...given) => failure === undefined ? stored.create(...given) : Promise.reject(failure),
  });
  const olds = [upload("1", 40, { clientId: "a" }), upload("2", 40, { clientId: "b" })] as const;
  for (const old of olds) await records.create(old);
  const [larger, smaller] = [upload("3", 50, { clientId: "a" }), upload("4", 10, { clientId: "b" })];
  failure = new Error("disk");
  for (const [at, next] of [larger, smaller].entries()) await records.create(next, olds[at]).catch(() => {});
  assertEquals(await usedByAnna(quota), 80);
  failure = undefined;
  // Another client's id: nothing is replaced.
  assertEquals(await records.create(upload("5", 60, { clientId: "b" }), olds[0]), false);
  assertEquals(await usedByAnna(quota), 80);
  assertEquals(
    await records.create(upload("6", 61, { clientId: "a" }), olds[0]).catch(({ code }) => code),
    "over-quota",
  );
  assertEquals(
    await Promise.all([
      records.create(larger, olds[0]),
      records.create(smaller, olds[1]),
      records.create(upload("7", 10)),
    ]),
    [true, true, true],
  );
  assertEquals(await usedByAnna(quota), 70);
  for (const id of ["3", "4", "7"]) await records.forget(upload(id, 0));
  assertEquals(await usedByAnna(quota), 0);
});

Deno.test("a small file that is refused for a quota is one upload of those that its address may begin in a second", async () => {
  await using site = await openAccessSite({
    host: "0.0.0.0",
    quotaBytes: 10,
    maxBegunPerSecond: 4,
    monotonic: () => 0,
  });
  const anna = await site.token({ name: "anna" });
  const send = async (line: string, headers: SentHeaders) =>
    (await site.ask(line, { ...anna, ...headers }, { body: "x".repeat(11), address: "192.0.2.1" })).status;
  const statuses = [];
  for (let count = 0; count < 2; count++) {
    statuses.push(await send("POST /upload", { "X-File-Id": `${count}` }));
    statuses.push(await send("POST /files/", { ...BYTES, "Upload-Length": "11" }));
  }
  assertEquals([...statuses, await send("POST /upload", { "X-File-Id": "last" })], [507, 507, 507, 507, 429]);
});
