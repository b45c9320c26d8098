import { assertEquals } from "@std/assert";
import { completed, newUpload, type ReceivingUpload } from "../../../server/model/upload.ts";
import {
  type Fault,
  faultLine,
  faultOfComplete,
  faultOfUnfinished,
  repairOf,
  summaryLine,
} from "../../../server/upkeep/faults.ts";

const ID = "A".repeat(22);

function unfinished(facts: Partial<ReceivingUpload> = {}): ReceivingUpload {
  const at = { id: ID, now: 0, serviceNow: 0, expireAfterMs: 1, boot: "b", durable: true };
  return { ...newUpload({ owner: "anna", name: "a", folders: [], length: 100 }, at), offset: 70, ...facts };
}

Deno.test("what is wrong with a finished file follows from where it is and from its own entry", () => {
  const upload = completed(unfinished({ offset: 100 }), "x/a", 0);
  const kindOf = (...[whereabouts, entryLength]: ["there" | "unplaced" | "missing" | "replaced", number?]) =>
    faultOfComplete(upload, { whereabouts, entryLength })?.kind;
  assertEquals(kindOf("there"), undefined);
  assertEquals(kindOf("there", 100), "leftover");
  assertEquals(kindOf("unplaced", 100), "unplaced");
  assertEquals(kindOf("unplaced", 99), "short");
  assertEquals(kindOf("missing"), "missing");
  assertEquals(kindOf("replaced"), "replaced");
});

Deno.test("what is wrong with an unfinished upload follows from its record and the length of its file", () => {
  const plain = { isPromised: true, isWhole: false };
  const kindOf = (facts: Partial<ReceivingUpload>, entryLength?: number, told: Partial<typeof plain> = {}) =>
    faultOfUnfinished(unfinished(facts), { entryLength }, { ...plain, ...told })?.kind;
  assertEquals(kindOf({}, 70), undefined);
  // Bytes behind the recorded offset are on their way.
  assertEquals(kindOf({}, 90), undefined);
  assertEquals(kindOf({}, 69), "short");
  assertEquals(kindOf({}), "short");
  assertEquals(kindOf({ offset: 0 }), undefined);
  assertEquals(kindOf({}, 0, { isPromised: false }), undefined);
  assertEquals(kindOf({ offset: 100 }, 100, { isWhole: true }), "unfinished");
  // The last bytes are not recorded yet, so nothing may be finished without its writer.
  assertEquals(kindOf({ offset: 99 }, 100, { isWhole: true }), undefined);
  assertEquals(kindOf({ offset: 100, partial: true }, 100, { isWhole: true }), undefined);
  const concat = { partials: [], asSent: "final;" };
  assertEquals(kindOf({ offset: 0, concat }, undefined, { isWhole: true }), undefined);
  assertEquals(kindOf({ offset: 0, concat }, 60, { isWhole: true }), "unfinished");
});

Deno.test("nothing that somebody was told is safe is changed by a repair", () => {
  const repairs = ["missing", "replaced", "damaged", "unreadable", "short", "unfinished", "unknown"].map((kind) =>
    repairOf({ kind, place: "", what: "" } as Fault)
  );
  assertEquals(new Set(repairs), new Set([undefined]));
});

Deno.test("a line says what is wrong and what can be done, in one line", () => {
  const missing: Fault = { kind: "missing", place: "files/a", id: ID, what: "is not there" };
  const advice = `Put it back from a backup, or end its upload by DELETE /files/${ID}`;
  for (const repairs of [true, false]) assertEquals(faultLine(missing, { repairs }), `files/a is not there. ${advice}`);
  const orphan: Fault = { kind: "orphan", place: "incoming/\nx", what: "belongs to no upload" };
  assertEquals(faultLine(orphan, { repairs: false }), "incoming/?x belongs to no upload. --repair would remove it");
  assertEquals(faultLine(orphan, { repairs: true }), "incoming/?x belongs to no upload. Now remove it");
});

Deno.test("the summary counts what was looked at, what is wrong, and what was or would be repaired", () => {
  const tally = { uploads: 3, files: 2, wrong: 0, repaired: 0, repairable: 0 };
  assertEquals(summaryLine(tally, false), "Looked at 3 uploads and 2 files: nothing is wrong");
  const wrong = { ...tally, wrong: 4, repaired: 1, repairable: 2 };
  assertEquals(summaryLine(wrong, false), "Looked at 3 uploads and 2 files: 4 are wrong, --repair would change 2");
  assertEquals(summaryLine(wrong, true), "Looked at 3 uploads and 2 files: 4 are wrong, 1 were repaired");
});
