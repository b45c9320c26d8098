import { assertEquals } from "@std/assert";
import { createSameName } from "../../../server/model/same_name.ts";
import { gone } from "../../../server/model/upload.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import { Quota } from "../../../server/uploads/quota.ts";
import { type AccessSite, openAccessSite, type SentHeaders } from "../../support/access_site.ts";
import { oneMachineTest } from "../../support/test_store.ts";
import { BYTES, create, simple, TUS, upload, used, usedByAnna } from "../../support/quota.ts";

const named = (name: string) => ({ "Upload-Metadata": `filename ${btoa(name)}` });

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

Deno.test("two processes on one folder keep together at most twice the limit, and a third one counts what both have", async () => {
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
      for (let made = await keep(site, "a", 30); made !== undefined; made = await keep(site, "a", 30)) kept.push(made);
      assertEquals([round, total() <= 2 * quotaBytes], [round, true]);
      const deleted = kept.slice(1, 3);
      for (const { path } of deleted) await both[1 - at]!.ask(`DELETE ${path}`, { ...TUS, ...anna });
      kept = kept.filter((one) => !deleted.includes(one));
    }
  }
  await using third = await openAccessSite({ data: first.data, quotaBytes });
  assertEquals(await used(third, anna), total());
});

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
