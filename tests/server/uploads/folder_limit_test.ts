import { assertEquals } from "@std/assert";
import { createSameName } from "../../../server/model/same_name.ts";
import { completed, type FileFacts, newUpload, type ReceivingUpload } from "../../../server/model/upload.ts";
import { openRecords } from "../../../server/storage/kv/records.ts";
import type { RecordStore } from "../../../server/storage/store.ts";
import { FolderLimit } from "../../../server/uploads/folder_limit.ts";
import { Unfinished } from "../../../server/uploads/unfinished.ts";
import { type AccessSite, openAccessSite, type SentHeaders } from "../../support/access_site.ts";
import { makeLink, visitorOf } from "../../support/links.ts";

const inFolder = (path: string) => ({ "Upload-Metadata": `relativePath ${btoa(path)}` });

/** Begins an upload, and gives its answer. */
const begin = (site: AccessSite, who: SentHeaders, path: string) =>
  site.ask("POST /files/", { "Tus-Resumable": "1.0.0", "Upload-Length": "3", ...inFolder(path), ...who });

Deno.test("an owner's uploads make so many folders, and one that names more is refused before its first byte", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", maxFolders: 3 });
  const [anna, bob] = [await site.token({ name: "anna" }), await site.token({ name: "bob" })];
  const folders = async () => JSON.parse((await site.ask("GET /api/limits", anna)).text).folders;
  assertEquals(await folders(), 0);
  // A folder inside another one counts too, and a finished upload as much as an unfinished one.
  const { headers } = await begin(site, anna, "a/b/1");
  const finished = await site.send(anna, "abc", inFolder("c/1"));
  assertEquals(await folders(), 3);
  const refused = await begin(site, anna, "d/1");
  assertEquals([refused.status, refused.headers.get("x-error")], [507, "too-many-folders"]);
  assertEquals(
    refused.text,
    "You may have 3 folders, and this file would make more: put it into one that is there, or delete some first",
  );
  const simple = { ...anna, "X-File-Id": "s", "X-File-Path": "d/s" };
  assertEquals((await site.ask("POST /upload", simple, { body: "abc" })).text, refused.text);
  assertEquals(await site.pawl.finishedNames(), ["c"]);
  for (const path of ["a/b/2", "a/2", "c/2", "2"]) assertEquals((await begin(site, anna, path)).status, 201);
  assertEquals((await begin(site, bob, "d/e/f/1")).status, 201);
  // A link's visitor uses the folders of its owner, and is told no number.
  const visitor = visitorOf(await makeLink(site, anna, { kind: "upload", folder: "a" }));
  assertEquals((await begin(site, visitor, "1")).status, 201);
  const byLink = await begin(site, visitor, "e/1");
  assertEquals([byLink.status, byLink.text.startsWith("The owner of this link takes no more folders")], [507, true]);
  // Folders that are gone with their last upload make room.
  await site.ask(`DELETE ${headers.get("location")}`, { "Tus-Resumable": "1.0.0", ...anna });
  await site.ask(`DELETE ${finished}`, anna);
  assertEquals((await begin(site, anna, "d/e/f/1")).status, 507);
  const list = JSON.parse((await site.ask("GET /api/uploads", anna)).text).uploads;
  for (const { path, location } of list) {
    if (path !== "c/2") await site.ask(`DELETE ${location}`, { "Tus-Resumable": "1.0.0", ...anna });
  }
  assertEquals((await begin(site, anna, "d/1")).status, 201);
});

Deno.test("with folders of owners and what an earlier process left, the first upload is refused as any other", async () => {
  await using first = await openAccessSite({ host: "0.0.0.0", ownerFolders: true });
  const anna = await first.token({ name: "anna" });
  await first.send(anna, "abc", inFolder(`a/${"x".repeat(200)}/${"y".repeat(200)}/1`));
  await begin(first, anna, "b/1");
  for (const [maxFolders, status] of [[4, 507], [5, 507], [6, 201]] as const) {
    await using later = await openAccessSite({ data: first.data, host: "0.0.0.0", ownerFolders: true, maxFolders });
    await later.pawl.repair(new AbortController().signal);
    assertEquals([maxFolders, (await begin(later, anna, "c/1")).status], [maxFolders, status]);
    assertEquals((await begin(later, anna, "a/2")).status, 201);
  }
});

function upload(id: string, folders: readonly string[], more: Partial<FileFacts> = {}): ReceivingUpload {
  const facts = { owner: "anna", name: id, folders, ...more };
  return newUpload(facts, { id, now: 0, serviceNow: 0, expireAfterMs: 100, boot: "", durable: true });
}

Deno.test("uploads that begin together cannot name together more folders than one could, also while they are counted", async () => {
  using stored = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  for (const [at, path] of ["a/1", "a/2", "b/1"].entries()) {
    await stored.create(completed(upload(`${at}`, []), path, 0));
  }
  const unfinished = new Unfinished({ maxUnfinished: Infinity });
  let [time, counts] = [0, 0];
  const limit = new FolderLimit({
    max: 10,
    unfinished: (payer) => unfinished.foldersOf(payer),
    sameName: (path) => path,
    monotonic: () => time,
  });
  const counted: RecordStore = {
    ...stored,
    async *folders(payer) {
      counts++;
      time += 5;
      yield* stored.folders(payer);
    },
  };
  const records = limit.watch(unfinished.watch(counted));
  const create = (numbers: number[], ...rest: string[]) =>
    Promise.all(
      numbers.map((number) => records.create(upload(`${number}`, [`${number}`, ...rest])).catch(({ code }) => code)),
    );
  const first = await create(Array.from({ length: 20 }, (_, number) => 100 + number));
  assertEquals(first.filter((result) => result === true).length, 8);
  assertEquals(first.filter((result) => result === "too-many-folders").length, 12);
  // At the limit the folders are counted anew, and for a tenth of the time at most.
  assertEquals([counts, await limit.countOf("anna")], [1, 10]);
  time += 44;
  assertEquals([await create([200]), counts], [["too-many-folders"], 1]);
  time += 1;
  assertEquals([await create([201, 202]), counts], [["too-many-folders", "too-many-folders"], 2]);
  await records.forget(upload("100", ["100"]));
  time += 45;
  assertEquals([await create([203, 204, 205]), counts], [[true, "too-many-folders", "too-many-folders"], 3]);
});

Deno.test("the folders of each owner are counted once, however many owners send in turn", async () => {
  using stored = await openRecords(":memory:", createSameName({ ignoresCase: false }));
  let counts = 0;
  const limit = new FolderLimit({
    max: 10,
    unfinished: () => [],
    sameName: (path) => path,
    monotonic: () => 0,
  });
  const records = limit.watch({
    ...stored,
    async *folders(payer) {
      counts++;
      yield* stored.folders(payer);
    },
  });
  const owners = Array.from({ length: 250 }, (_, at) => `owner ${at}`);
  const begin = (owner: string, id: string) => records.create(upload(`${owner} ${id}`, [id], { owner }));
  for (const id of ["a", "b"]) for (const owner of owners) assertEquals(await begin(owner, id), true);
  assertEquals(counts, 250);
  const created = await Promise.all(owners.map((owner) => begin(`another ${owner}`, "a")));
  assertEquals([created.every((isCreated) => isCreated), counts], [true, 500]);
});
