import { assertEquals, assertStringIncludes } from "@std/assert";
import { type AccessSite, openAccessSite, type SentHeaders } from "../../support/access_site.ts";
import { checkForm, schemaOf } from "../../support/json_schema.ts";
import { makeLink, visitorOf } from "../../support/links.ts";
import { oneMachineTest } from "../../support/test_store.ts";

const TUS = { "Tus-Resumable": "1.0.0", "Upload-Length": "10" };

async function limits(site: AccessSite, headers: SentHeaders): Promise<Record<string, unknown>> {
  const { status, text } = await site.ask("GET /api/limits", headers);
  assertEquals(status, 200);
  const told = JSON.parse(text);
  checkForm(told, schemaOf("GET /api/limits"));
  // These are the same for everybody.
  const { maxFolderDepth, maxFolderBytes, maxMetadataBytes, deferLength, batch, ...own } = told;
  assertEquals([maxFolderDepth, maxFolderBytes, maxMetadataBytes], [32, 1792, 8192]);
  assertEquals(deferLength, true);
  assertEquals(batch, { maxFiles: 1000, maxFileSize: 1024 * 1024 });
  return own;
}

oneMachineTest("GET /api/limits tells the limits of the server and of the token, and how near one is", async () => {
  await using site = await openAccessSite({ open: true, maxBytes: 1000, maxUnfinished: 5, maxBegunPerSecond: 7 });
  const anna = await site.token({ name: "anna", maxBytes: 100 });
  const bob = await site.token({ name: "bob", maxBytes: 5000 });
  const common = { maxUnfinished: 5, maxBegunPerSecond: 7 };
  await site.ask("POST /files/", { ...TUS, ...anna });
  assertEquals(await limits(site, anna), { ...common, maxSize: 100, unfinished: 1 });
  assertEquals(await limits(site, bob), { ...common, maxSize: 1000, unfinished: 0 });
  assertEquals(await limits(site, {}), { ...common, maxSize: 1000 });
  await using free = await openAccessSite();
  assertEquals(await limits(free, {}), {});
});

Deno.test("the visitor of an upload link is told how near the link's own limits are, and nothing of its owner's", async () => {
  await using site = await openAccessSite({ host: "0.0.0.0", quotaBytes: 1000, maxUnfinished: 5 });
  const anna = await site.token({ name: "anna" });
  await site.send(anna, "x".repeat(100));
  const full = await makeLink(site, anna, { kind: "upload", maxFiles: 3, quota: 50 });
  const [one, other] = [visitorOf(full), visitorOf(full)];
  assertEquals(await limits(site, one), { quota: 50, used: 0, maxFiles: 3, files: 0, maxUnfinished: 5 });
  await site.send(one, "x".repeat(20));
  assertEquals(await limits(site, other), { quota: 50, used: 20, maxFiles: 3, files: 1, maxUnfinished: 5 });
  const free = visitorOf(await makeLink(site, anna, { kind: "upload" }));
  assertEquals(await limits(site, free), { maxUnfinished: 5 });
  assertEquals((await limits(site, anna))["used"], 120);
});

// Many instances count what an address begins by the clock of their database, which the test cannot set.
oneMachineTest("past a limit nothing of a body is taken, and the line names the limit", async () => {
  await using site = await openAccessSite({ open: true, maxUnfinished: 2, maxBegunPerSecond: 3 });
  const anna = await site.token({ name: "anna" });
  const begin = (headers: SentHeaders, address: string) =>
    site.ask("POST /files/", { ...TUS, ...headers }, { address });
  // An owner comes from several addresses, and several senders from one.
  for (const address of ["192.0.2.1", "192.0.2.2"]) assertEquals((await begin(anna, address)).status, 201);
  const third = await begin(anna, "192.0.2.3");
  assertEquals([third.status, third.headers.get("x-error"), third.headers.get("retry-after")], [
    429,
    "too-many-unfinished",
    "30",
  ]);
  assertStringIncludes(third.text, "You have 2 unfinished uploads, which is the limit");
  assertEquals((await begin({}, "192.0.2.1")).status, 201);
  const other = await begin({}, "192.0.2.1");
  assertEquals([other.status, other.text.startsWith("Your address has 2 unfinished uploads")], [429, true]);
  const simple = { "X-File-Id": "a", "X-File-Size": "100000" };
  const body = "x".repeat(70_000);
  assertEquals((await site.ask("POST /upload", simple, { body, address: "192.0.2.1" })).status, 429);
  assertEquals((await site.ask("GET /status", simple)).text, "0");
  // A small file is finished in one request, and none of these.
  site.now += 1000;
  const small = await site.ask("POST /upload", { "X-File-Id": "b" }, { body: "abc", address: "192.0.2.1" });
  assertEquals(small.text, "Success 3");
  for (let count = 0; count < 2; count++) await begin({}, "192.0.2.1");
  const fast = await begin({}, "192.0.2.1");
  assertEquals([fast.headers.get("x-error"), fast.headers.get("retry-after")], ["too-many-begun", "1"]);
  // This machine's own clients are not counted by their address.
  for (let count = 0; count < 9; count++) assertEquals((await begin({}, "127.0.0.1")).status, 201);
});
