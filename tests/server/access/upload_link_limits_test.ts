import { assertEquals, assertStringIncludes } from "@std/assert";
import { begin, BYTES, named, openUploadSite, statusOf, TUS } from "../../support/link_sites.ts";
import { makeLink, visitorOf } from "../../support/links.ts";
import { openTestApp } from "../../support/pawl.ts";

Deno.test("a link takes so many files and bytes, counted when they begin, however many begin together", async () => {
  await using open = await openUploadSite();
  const { site, anna } = open;
  const link = await makeLink(site, anna, { kind: "upload", maxFiles: 3, quota: 100, maxSize: 60 });
  const me = visitorOf(link);
  assertEquals((await begin(site, me, 61)).status, 413);
  const all = await Promise.all(Array.from({ length: 12 }, () => begin(site, visitorOf(link), 10)));
  assertEquals(all.map(({ status }) => status).sort(), [201, 201, 201, ...Array(9).fill(507)]);
  assertStringIncludes(all.find(({ status }) => status === 507)!.text, "This link takes 3 files");
  // One that ends makes room for another one.
  await site.ask(`DELETE ${all.find(({ status }) => status === 201)!.location}`, { ...TUS, ...anna });
  assertEquals((await begin(site, me, 10)).status, 201);
  assertEquals((await begin(site, me, 10)).status, 507);
  site.now += 1;
  const big = await makeLink(site, anna, { kind: "upload", quota: 100 });
  const many = await Promise.all(Array.from({ length: 8 }, () => begin(site, visitorOf(big), 40)));
  assertEquals(many.filter(({ status }) => status === 201).length, 2);
  const listed = JSON.parse((await site.ask("GET /api/links", anna)).text).links;
  assertEquals(listed.map(({ files, bytes }: Record<string, unknown>) => [files, bytes]), [[2, 80], [3, 30]]);
});

Deno.test("the next start counts what came by a link before", async () => {
  await using open = await openUploadSite();
  const { site, anna } = open;
  const link = await makeLink(site, anna, { kind: "upload", maxFiles: 2 });
  await site.send(visitorOf(link), "abc");
  await begin(site, visitorOf(link), 5);
  await using next = await openTestApp({ data: site.data, host: "0.0.0.0" });
  const begun = await next.app(
    new Request("http://localhost/files/", {
      method: "POST",
      headers: { ...TUS, "Upload-Length": "1", ...visitorOf(link) },
    }),
  );
  assertEquals([begun.status, begun.headers.get("x-error")], [507, "over-quota"]);
});

Deno.test("parts of a file do not count as files, and an upload of unknown length stops at the link's bytes", async () => {
  await using open = await openUploadSite();
  const { site, anna } = open;
  const link = await makeLink(site, anna, { kind: "upload", maxFiles: 1, quota: 10 });
  const me = visitorOf(link);
  const parts = [];
  for (const text of ["abcd", "efgh"]) parts.push(await site.send(me, text, { "Upload-Concat": "partial" }));
  assertEquals(
    await statusOf(site, "POST /files/", { ...TUS, ...me, "Upload-Concat": `final;${parts.join(" ")}` }),
    201,
  );
  assertEquals((await begin(site, me, 1)).status, 507);
  const other = await makeLink(site, anna, { kind: "upload", quota: 10 });
  const you = visitorOf(other);
  const { headers } = await site.ask("POST /files/", { ...TUS, ...you, "Upload-Defer-Length": "1" });
  const location = headers.get("location") ?? "";
  const patch = { ...BYTES, ...you, "Upload-Offset": "0" };
  assertEquals(await statusOf(site, `PATCH ${location}`, patch, "x".repeat(11)), 507);
  assertEquals(await statusOf(site, `PATCH ${location}`, patch, "x".repeat(10)), 204);
});

Deno.test("the visitors of a link have so many unfinished uploads together, and lock out nobody else", async () => {
  await using open = await openUploadSite({ maxUnfinished: 2, ownerFolders: true });
  const { site, anna } = open;
  const [link, other] = [
    await makeLink(site, anna, { kind: "upload", folder: "in" }),
    await makeLink(site, anna, { kind: "upload" }),
  ];
  for (const status of [201, 201, 429]) assertEquals((await begin(site, visitorOf(link), 5)).status, status);
  assertEquals((await begin(site, visitorOf(other), 5)).status, 201);
  assertEquals((await begin(site, anna, 5)).status, 201);
  // A file that comes in one request is never unfinished. It lies below the folder of the link's owner.
  await site.send(visitorOf(link), "abc", named("a.txt"));
  assertEquals(await Deno.readTextFile(`${site.data}/files/anna/in/a.txt`), "abc");
});

Deno.test("what comes by a link uses its owner's quota, of which the visitor is told nothing", async () => {
  await using open = await openUploadSite();
  const { site } = open;
  const anna = await site.token({ name: "small", quotaBytes: 100, maxBytes: 50 });
  await site.send(anna, "x".repeat(40));
  const link = await makeLink(site, anna, { kind: "upload", maxSize: 80 });
  assertEquals((await begin(site, visitorOf(link), 51)).status, 413);
  assertEquals((await begin(site, visitorOf(link), 50)).status, 201);
  const { status, text } = await begin(site, visitorOf(link), 20);
  assertEquals([status, text], [507, "The owner of this link has no room for 20 bytes more"]);
  assertEquals((await begin(site, anna, 20)).status, 507);
});
