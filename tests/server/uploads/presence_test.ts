import { assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import { currentFacts } from "../../../server/hooks/current_facts.ts";
import type { CompleteUpload } from "../../../server/model/upload.ts";
import type { Whereabouts } from "../../../server/storage/store.ts";
import { checkThere, hasFile, type PresenceDeps } from "../../../server/uploads/presence.ts";

const BEFORE = { id: "a", state: "complete", path: "a.txt", length: 3 } as CompleteUpload;
const AFTER = { ...BEFORE, path: "a (2).txt" };

/** Stores in which the file gets another path before its place is looked at. `there` says what lies at each path. */
function stores(there: Readonly<Record<string, Whereabouts>>, now: CompleteUpload | null = AFTER): PresenceDeps {
  return {
    bytes: { find: ({ path }) => Promise.resolve(there[path]!) },
    records: { get: () => Promise.resolve(now ?? undefined) },
  };
}

Deno.test("a file that got another path since its record was read is found there", async () => {
  const deps = stores({ "a.txt": "replaced", "a (2).txt": "there" });
  assertEquals(await checkThere(deps, BEFORE), AFTER);
  assertEquals(await hasFile(deps, BEFORE), true);
});

Deno.test("a file that is at neither path is told as what was found at the last one", async () => {
  for (const [whereabouts, code] of [["missing", "gone"], ["replaced", "not-found"]] as const) {
    for (
      const deps of [stores({ "a.txt": whereabouts }, BEFORE), stores({ "a.txt": "missing", "a (2).txt": whereabouts })]
    ) {
      const error = await assertRejects(() => checkThere(deps, BEFORE), UploadError);
      assertEquals([error.code, await hasFile(deps, BEFORE)], [code, false]);
    }
  }
  assertEquals(await hasFile(stores({ "a.txt": "missing" }, null), BEFORE), false);
});

Deno.test("a hook is told the path that a file has by now", async () => {
  const { bytes } = stores({ "a.txt": "replaced", "a (2).txt": "there" });
  let reads = 0;
  const facts = currentFacts({ bytes, records: { get: () => Promise.resolve(reads++ === 0 ? BEFORE : AFTER) } });
  const event = { type: "upload.completed", upload: BEFORE } as unknown as Parameters<typeof facts>[0];
  assertEquals((await facts(event))?.upload.path, "a (2).txt");
});
