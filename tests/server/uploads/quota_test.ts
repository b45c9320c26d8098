import { assertEquals } from "@std/assert";
import { createSameName } from "../../../server/model/same_name.ts";
import { completed, gone, newUpload, type ReceivingUpload } from "../../../server/model/upload.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import { Quota } from "../../../server/uploads/quota.ts";
import { type AccessSite, openAccessSite, type SentHeaders } from "../../support/access_site.ts";
import { oneMachineTest } from "../../support/test_store.ts";

const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = { ...TUS, "Content-Type": "application/offset+octet-stream" };

const named = (name: string) => ({ "Upload-Metadata": `filename ${btoa(name)}` });
const create = (site: AccessSite, headers: SentHeaders) => site.ask("POST /files/", { ...TUS, ...headers });
const simple = (site: AccessSite, who: SentHeaders, id: string, length: number) =>
  site.ask("POST /upload", { ...who, "X-File-Id": id }, { body: "x".repeat(length) });

function upload(id: string, length: number, more: Partial<ReceivingUpload> = {}): ReceivingUpload {
  const facts = { owner: "anna", name: id, folders: [], length };
  const at = { id, now: 0, serviceNow: 0, expireAfterMs: 100, boot: "", durable: true };
  return { ...newUpload(facts, at), ...more };
}

async function usedByAnna(quota: Quota): Promise<number | undefined> {
  return (await quota.usedBy({ owner: "anna" }))?.bytes;
}

/** The bytes that an owner has, as `GET /api/limits` tells. */
async function used(site: AccessSite, who: SentHeaders): Promise<number | undefined> {
  return JSON.parse((await site.ask("GET /api/limits", who)).text).used;
}

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

oneMachineTest("what earlier processes left is counted, and a token's quota is enough to begin to count", async () => {
  await using first = await openAccessSite({ open: true });
  const anna = await first.token({ name: "anna" });
  const phone = await first.token({ name: "phone", owner: "anna", quotaBytes: 100 });
  await simple(first, anna, "a", 30);
  const open = await create(first, { ...anna, "Upload-Length": "20" });
  assertEquals(await used(first, anna), undefined);
  await simple(first, anna, "b", 10);
  assertEquals((await simple(first, phone, "c", 41)).status, 507);
  assertEquals((await simple(first, phone, "c", 40)).status, 200);
  assertEquals([await used(first, anna), await used(first, phone)], [100, 100]);
  assertEquals((await simple(first, anna, "d", 40)).status, 200);
  await using second = await openAccessSite({ data: first.data, quotaBytes: 150 });
  // The first request after a start is told all that is there.
  assertEquals(await used(second, anna), 140);
  assertEquals((await simple(second, anna, "e", 11)).status, 507);
  assertEquals((await simple(second, anna, "e", 10)).status, 200);
  await second.ask(`DELETE ${open.headers.get("location")}`, { ...TUS, ...anna });
  assertEquals(await used(second, anna), 130);
});

Deno.test(
  "two processes on one folder keep together at most twice the limit, and a third one counts what both have",
  async () => {
    const quotaBytes = 100;
    await using first = await openAccessSite({ host: "0.0.0.0", quotaBytes });
    const anna = await first.token({ name: "anna" });
    assertEquals((await simple(first, anna, "before", 40)).status, 200);
    await using second = await openAccessSite({ data: first.data, quotaBytes });
    assertEquals([await used(first, anna), await used(second, anna)], [40, 40]);
    const both = [first, second] as const;
    const keep = async (site: AccessSite, id: string, length: number) => {
      const { status, headers } = await create(site, { ...anna, ...named(id), "Upload-Length": `${length}` });
      return status === 201 ? { path: headers.get("location")!, length } : undefined;
    };
    let kept: { path: string; length: number }[] = [{ path: "", length: 40 }];
    const total = () => kept.reduce((bytes, { length }) => bytes + length, 0);
    // Each deletes what the other one has begun, so neither knows all.
    for (let round = 0; round < 6; round++) {
      for (const [at, site] of both.entries()) {
        for (let made = await keep(site, "a", 30); made !== undefined; made = await keep(site, "a", 30)) {
          kept.push(made);
        }
        assertEquals([round, total() <= 2 * quotaBytes], [round, true]);
        const deleted = kept.slice(1, 3);
        for (const { path } of deleted) await both[1 - at]!.ask(`DELETE ${path}`, { ...TUS, ...anna });
        kept = kept.filter((one) => !deleted.includes(one));
      }
    }
    await using third = await openAccessSite({ data: first.data, quotaBytes });
    assertEquals(await used(third, anna), total());
  },
);

oneMachineTest(
  "what another process freed is found before something is refused, when ten minutes have passed",
  async () => {
    await using first = await openAccessSite({ host: "0.0.0.0", quotaBytes: 100 });
    const anna = await first.token({ name: "anna" });
    await using second = await openAccessSite({ data: first.data, quotaBytes: 100 });
    const begin = async (site: AccessSite, length: number) => {
      const size: SentHeaders = length === 0 ? { "Upload-Defer-Length": "1" } : { "Upload-Length": `${length}` };
      const { status, headers } = await create(site, { ...anna, ...size });
      return { status, path: headers.get("location") ?? "" };
    };
    const remove = (path: string) => second.ask(`DELETE ${path}`, { ...TUS, ...anna });
    const full = await begin(first, 90);
    await remove(full.path);
    assertEquals([(await begin(first, 20)).status, await used(first, anna)], [507, 90]);
    first.now += 599_999;
    assertEquals((await begin(first, 20)).status, 507);
    first.now++;
    const small = await begin(first, 20);
    assertEquals([small.status, await used(first, anna)], [201, 20]);
    // So is room for bytes of an upload whose length nobody has told, in a body that is announced or not.
    for (const announced of [true, false]) {
      const { path } = await begin(first, 0);
      const filling = await begin(first, 80);
      await remove(filling.path);
      first.now += 600_000;
      const body = new ReadableStream({
        start(controller) {
          for (let piece = 0; piece < 4; piece++) controller.enqueue(new Uint8Array(10));
          controller.close();
        },
      });
      const headers = { ...BYTES, ...anna, "Upload-Offset": "0", ...announced && { "Content-Length": "40" } };
      const answer = await first.pawl.app(new Request(`http://localhost${path}`, { method: "PATCH", headers, body }));
      await answer.body?.cancel();
      assertEquals([announced, answer.status, await used(first, anna)], [announced, 204, 60]);
      await first.ask(`DELETE ${path}`, { ...TUS, ...anna });
    }
    assertEquals((await begin(first, 81)).status, 507);
  },
);

Deno.test("counts that run between many changes miss none of them", async () => {
  using stored = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  let [time, counts] = [0, 0];
  const quota = new Quota({ ownerBytes: 100, totalBytes: Infinity }, () => time);
  const records = quota.watch({
    ...stored,
    async *all() {
      counts++;
      yield* stored.all();
    },
  });
  for (let round = 0; round < 3; round++) {
    // From the second round on the first refusal counts anew, while others wait to be recorded.
    time += 600_000;
    const made = await Promise.all(Array.from({ length: 40 }, async (_, number) => {
      const one = upload(`${round}-${number}`, 10);
      const isMade = await records.create(one).catch(({ code }) => code);
      if (isMade === true && number % 3 === 0) await records.replace(one, gone(one, "terminated", 9));
      return isMade === true && number % 3 !== 0;
    }));
    let bytes = 0;
    for await (const one of stored.all()) if (one.state === "receiving") bytes += one.length ?? 0;
    assertEquals([round, counts, bytes <= 100, await usedByAnna(quota)], [round, round + 1, true, bytes]);
    const left = made.flatMap((isLeft, number) => isLeft ? [upload(`${round}-${number}`, 10)] : []);
    await Promise.all(left.map((one) => records.forget(one)));
    assertEquals([round, await usedByAnna(quota)], [round, 0]);
  }
});

Deno.test("after a restart the first bytes of an upload that was there before are counted and refused as any others", async () => {
  await using first = await openAccessSite({ host: "0.0.0.0", quotaBytes: 100 });
  const anna = await first.token({ name: "anna" });
  const begin = async () =>
    (await create(first, { ...anna, "Upload-Defer-Length": "1" })).headers.get("location") ?? "";
  const paths = [await begin(), await begin(), await begin(), await begin()];
  const headers = { ...BYTES, ...anna, "Upload-Offset": "0" };
  assertEquals((await first.ask(`PATCH ${paths[0]}`, headers, { body: "x".repeat(60) })).status, 204);
  // Each process meets one way to grow before anything else: a body, one of untold length, and a told length.
  for (const [path, way] of [[paths[1], "body"], [paths[2], "untold"], [paths[3], "length"]] as const) {
    await using later = await openAccessSite({ data: first.data, quotaBytes: 100 });
    const body = new ReadableStream({
      start(controller) {
        for (let piece = 0; piece < 5; piece++) controller.enqueue(new Uint8Array(10));
        controller.close();
      },
    });
    const answer = way === "untold"
      ? await later.pawl.app(new Request(`http://localhost${path}`, { method: "PATCH", headers, body }))
      : await later.ask(`PATCH ${path}`, { ...headers, ...way === "length" && { "Upload-Length": "101" } }, {
        body: way === "body" ? "x".repeat(41) : "x",
      });
    if (answer instanceof Response) await answer.body?.cancel();
    const { headers: told } = await later.ask(`HEAD ${path}`, { ...TUS, ...anna });
    const offset = way === "untold" ? "40" : "0";
    assertEquals([way, answer.status, told.get("upload-offset")], [way, 507, offset]);
    assertEquals([way, await used(later, anna)], [way, way === "untold" ? 100 : 60]);
    await later.ask(`DELETE ${path}`, { ...TUS, ...anna });
  }
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
