import { assertEquals, assertRejects } from "@std/assert";
import { UploadError } from "../../../server/errors.ts";
import type { Limits } from "../../../server/uploads/engine_deps.ts";
import { openEngine, type TestEngine } from "../../support/engine.ts";
import { oneMachineTest, testStore } from "../../support/test_store.ts";

const facts = { owner: "o", name: "a", folders: [] };

/** An engine whose data folder can be moved away: another one is in its place then. */
async function openSite(limits: Partial<Limits> = {}) {
  let isThere = true;
  const site = await openEngine({ isFolderThere: () => isThere, limits });
  return { site, move: () => void (isThere = false) };
}

/** Begins an upload with a body of so many bytes, of a file of 100 000 bytes. */
async function begin({ engine }: TestEngine, bodyLength: number): Promise<string> {
  const body = new Response(new Uint8Array(bodyLength)).body;
  const request = { offset: 0, body, bodyLength, length: 100_000, toTheEnd: false };
  return (await engine.begin(facts, request)).upload.id;
}

oneMachineTest(
  "a finished upload whose folder was moved keeps its record when its name is wanted in the other folder",
  async () => {
    const { site, move } = await openSite();
    await using _site = site;
    const { engine, records, data } = site;
    const first = await begin(site, 100_000);
    await engine.untilLetGo(first);
    const second = await begin(site, 60_000);
    await testStore().takeAway(data, "a");
    move();
    const body = new Response(new Uint8Array(40_000)).body;
    const request = { offset: 60_000, body, bodyLength: 40_000, toTheEnd: false };
    const error = await assertRejects(() => engine.append(second, facts, request), UploadError);
    assertEquals(error.code, "moved");
    assertEquals([(await records.get(first))?.state, (await records.get(second))?.state], ["complete", "receiving"]);
  },
);

oneMachineTest(
  "an upload that is past its time keeps its bytes in a folder that took the place of its own",
  async () => {
    const { site, move } = await openSite({ expireAfterMs: 0 });
    await using _site = site;
    const { engine, records, bytes } = site;
    const id = await begin(site, 70_000);
    move();
    await engine.expire(id);
    assertEquals([(await records.get(id))?.state, await bytes.length(id)], ["receiving", 70_000]);
  },
);
