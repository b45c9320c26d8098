import { assertEquals, assertMatch } from "@std/assert";
import { ownerFolder } from "../../../server/access/owner_folder.ts";
import { cleanName } from "../../../server/model/names.ts";
import { openAccessSite } from "../../support/access_site.ts";

const NAMES = [
  "anna",
  "x/../anna",
  "x\\anna",
  "/anna",
  "anna/",
  "anna.",
  "anna ",
  "an\u200bna",
  "%61nna",
  "a%2Fb",
  "a/b",
  "/etc",
  "etc",
  ".",
  "..",
  "...",
  "owner",
  "con",
  "_con",
  "%63on",
  "con.txt",
  "caf\u00e9",
  "cafe\u0301",
  "/".repeat(128),
  "/".repeat(127),
  `${"/".repeat(127)}a`,
  "a".repeat(300),
  "a".repeat(255),
];

Deno.test("no two owners have one folder, and each folder's name is clean", () => {
  const folders = NAMES.map(ownerFolder);
  assertEquals(new Set(folders).size, NAMES.length);
  for (const folder of folders) assertEquals([folder, cleanName(folder)], [folder, folder]);
});

Deno.test("a plain name is the folder's name, and any other one is percent-encoded", () => {
  const table = [
    ["anna", "anna"],
    ["user:anna@example.org", "anna@example.org"],
    ["anna smith", "anna smith"],
    ["user:x/../anna", "x%2F%2E%2E%2Fanna"],
    [".", "%2E"],
    ["con", "%63on"],
    ["100%", "100%25"],
  ] as const;
  for (const [owner, folder] of table) assertEquals([owner, ownerFolder(owner)], [owner, folder]);
  assertMatch(ownerFolder(`user:${"/".repeat(128)}`), /^(?:%2F)+%?2?%_[\w-]{43}$/);
});

Deno.test("a user of a proxy with slashes in the name sends into no other user's folder", async () => {
  await using site = await openAccessSite({
    host: "0.0.0.0",
    ownerFolders: true,
    trustedProxies: ["10.0.0.1/32"],
    userHeader: "remote-user",
  });
  const file = { "Upload-Metadata": `filename ${btoa("a")}` };
  for (const user of ["anna", "x/../anna", "."]) {
    await site.send({ "Remote-User": user }, "abc", file, "10.0.0.1");
  }
  assertEquals(await site.pawl.finishedNames(), ["%2E", "anna", "x%2F%2E%2E%2Fanna"]);
});
