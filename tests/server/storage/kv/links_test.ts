import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { UploadError } from "../../../../server/errors.ts";
import type { DownloadLink } from "../../../../server/model/link.ts";
import { openDatabase } from "../../../../server/storage/kv/database.ts";
import { createLinks } from "../../../../server/storage/kv/links.ts";
import type { LinkStore } from "../../../../server/storage/link_store.ts";
import { tempDir } from "../../../support/temp_dir.ts";

const NOW = 1_000_000;
const visit = (visitor: number) => ({ visitor: `v${visitor}`, expiresAt: NOW + 1000 });

function link(id: string, more: Partial<DownloadLink> = {}): DownloadLink {
  const facts = { kind: "download", owner: "anna", target: { file: "f" }, createdAt: NOW } as const;
  return { ...facts, hash: `hash of ${id}`, id, ...more };
}

/** Stores of one database in several hands, as several processes have it. */
async function openStores(count = 1): Promise<{ stores: LinkStore[] } & AsyncDisposable> {
  await using open = new AsyncDisposableStack();
  const { path } = open.use(await tempDir());
  const stores: LinkStore[] = [];
  for (let hand = 0; hand < count; hand++) {
    const database = await openDatabase(join(path, "pawl.db"));
    open.defer(() => database.kv.close());
    stores.push(createLinks(database));
  }
  const kept = open.move();
  return { stores, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

Deno.test("a link is found by its hash, listed by its owner, and removed with all that was counted", async () => {
  await using open = await openStores();
  const [store] = open.stores as [LinkStore];
  const [one, two] = [link("1"), link("2", { owner: "bob", createdAt: NOW + 1 })];
  for (const each of [one, two]) assertEquals(await store.add(each, 10), true);
  assertEquals([await store.find(one.hash), await store.find("other")], [one, undefined]);
  const idsOf = async (owner?: string) => (await store.list(owner)).map(({ link: { id } }) => id);
  assertEquals([await idsOf(), await idsOf("anna"), await idsOf("carl")], [["2", "1"], ["1"], []]);
  assertEquals(await store.countDownload(one.hash, visit(1), NOW), true);
  assertEquals([await store.remove("1", "bob"), await store.remove("3")], [undefined, undefined]);
  assertEquals([await store.remove("1", "anna"), await store.remove("1")], [one.hash, undefined]);
  assertEquals([await store.find(one.hash), await store.downloads(one.hash)], [undefined, 0]);
  assertEquals(await store.hasVisited(one.hash, "v1", NOW), false);
  assertEquals(await idsOf(), ["2"]);
});

Deno.test("an owner has so many links, and expired ones make room", async () => {
  await using open = await openStores();
  const [store] = open.stores as [LinkStore];
  assertEquals(await store.add(link("1", { expiresAt: NOW + 10 }), 2), true);
  assertEquals(await store.add(link("2"), 2), true);
  assertEquals(await store.add(link("3", { createdAt: NOW + 9 }), 2), false);
  assertEquals(await store.add(link("4", { owner: "bob" }), 2), true);
  assertEquals(await store.add(link("5", { createdAt: NOW + 10 }), 2), true);
  assertEquals((await store.list("anna")).map(({ link: { id } }) => id).sort(), ["2", "5"]);
});

Deno.test("downloads are counted one by one, also when several processes count", async () => {
  await using open = await openStores(2);
  const [store] = open.stores as [LinkStore];
  const { hash } = link("1");
  await store.add(link("1", { maxDownloads: 7, expiresAt: NOW + 500 }), 10);
  const counted = await Promise.all(
    Array.from({ length: 30 }, (_, n) => open.stores[n % 2]!.countDownload(hash, visit(n), NOW)),
  );
  assertEquals([counted.filter((isCounted) => isCounted).length, await store.downloads(hash)], [7, 7]);
  const admitted = counted.indexOf(true);
  assertEquals(await store.hasVisited(hash, `v${admitted}`, NOW + 999), true);
  assertEquals(await store.hasVisited(hash, `v${admitted}`, NOW + 1000), false);
  assertEquals(await store.countDownload(hash, visit(admitted), NOW), true);
  assertEquals(await store.countDownload(hash, undefined, NOW), false);
  assertEquals(await store.countDownload(hash, visit(admitted), NOW + 500), false);
  assertEquals(await store.countDownload("other", undefined, NOW), false);
});

Deno.test("without a limit every visitor is counted, and visits that are over are removed", async () => {
  await using open = await openStores();
  const [store] = open.stores as [LinkStore];
  const { hash } = link("1");
  await store.add(link("1"), 10);
  for (let n = 0; n < 49; n++) assertEquals(await store.countDownload(hash, visit(n), NOW), true);
  assertEquals(await store.countDownload(hash, undefined, NOW + 1000), true);
  assertEquals([await store.downloads(hash), await store.hasVisited(hash, "v1", NOW)], [50, false]);
});

Deno.test("a download that others keep from being counted is refused for a while, and is no failure", async () => {
  await using dir = await tempDir();
  const database = await openDatabase(join(dir.path, "pawl.db"));
  using _open = { [Symbol.dispose]: () => database.kv.close() };
  const [{ hash }, busy] = [link("1"), createLinks({ ...database, commit: () => Promise.resolve(false) })];
  await createLinks(database).add(link("1"), 10);
  const error = await assertRejects(() => busy.countDownload(hash, visit(1), NOW), UploadError);
  assertEquals(error.code, "too-many");
});
