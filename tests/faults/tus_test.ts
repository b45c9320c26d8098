import { assert, assertEquals } from "@std/assert";
import { someBytes } from "../support/bytes.ts";
import { EVERY, firstStep } from "../support/campaign.ts";
import { LossyDisk } from "../support/lossy_disk.ts";
import { mountLossyDisks } from "../support/lossy_mount.ts";
import { ALL_SURVIVORS } from "../support/lossy_nodes.ts";
import type { LossyPawl } from "../support/lossy_pawl.ts";
import { askTus, crashAt, onDisk } from "../support/lossy_tus.ts";
import { brokenBody } from "../support/simple_client.ts";
import { BODY_TYPE } from "../support/tus_wire.ts";

const content = someBytes(200);
const LENGTH = String(content.length);
const name = { "Upload-Metadata": `filename ${btoa("a.bin")}` };

/** The address and the offset of an upload that a client was told. */
interface Told {
  path?: string;
  count: number;
}

/** One body, from an offset to another; a part of it may come and then break. */
type Send = (pawl: LossyPawl, told: Told) => Promise<void>;

function create(makeBody: () => BodyInit | null, headers: Record<string, string>): Send {
  return async (pawl, told) => {
    const response = await askTus(pawl, "POST /files/", { ...name, "Content-Type": BODY_TYPE, ...headers }, makeBody());
    take(response, told);
    if (response.status === 201) told.path = response.headers.get("location")!;
  };
}

function append(to: number, headers: Record<string, string> = {}): Send {
  return async (pawl, told) => {
    const all = { "Content-Type": BODY_TYPE, "Upload-Offset": String(told.count), ...headers };
    take(await askTus(pawl, `PATCH ${told.path}`, all, content.slice(told.count, to)), told);
  };
}

function take({ status, headers }: Response, told: Told): void {
  if (status !== 201 && status !== 204) return;
  const count = Number(headers.get("upload-offset"));
  assert(count >= told.count);
  told.count = count;
}

const SCENARIOS: Record<string, readonly Send[]> = {
  "a small file, whole with its creation": [
    create(() => content, { "Upload-Length": LENGTH, "Content-Length": LENGTH }),
  ],
  "a file of several requests": [
    create(() => null, { "Upload-Length": LENGTH }),
    append(70),
    append(70),
    append(200),
  ],
  "a creation that breaks, and a length that comes last": [
    create(() => brokenBody(content.slice(0, 70)), { "Upload-Defer-Length": "1", "Content-Length": LENGTH }),
    append(200),
    append(200, { "Upload-Length": LENGTH }),
  ],
};

Deno.test("a crash at any step of a tus upload takes nothing back that was acknowledged", async (test) => {
  using _mount = mountLossyDisks();
  for (const [scenario, requests] of Object.entries(SCENARIOS)) {
    await test.step(scenario, async () => {
      let isComplete = false;
      let at = firstStep(scenario);
      for (; !isComplete; at += EVERY) {
        using disk = LossyDisk.empty();
        crashAt(disk, at);
        const told: Told = { count: 0 };
        isComplete = await onDisk(disk, async (pawl) => {
          for (const send of requests) if (!disk.isDead) await send(pawl, told);
        });
        const worlds = [disk.afterKill(), ...ALL_SURVIVORS.map((survivors) => disk.afterLoss(survivors))];
        for (const next of worlds) {
          using _next = next;
          await goOn(next, { ...told });
        }
      }
      assert(at > 5, `${at} crash points`);
    });
  }
});

/** Goes on as a client does that was cut off: it asks, and sends the rest. */
async function goOn(disk: LossyDisk, told: Told): Promise<void> {
  await onDisk(disk, async (pawl) => {
    await pawl.repair();
    if (told.path !== undefined) {
      const { status, headers } = await askTus(pawl, `HEAD ${told.path}`);
      const count = Number(headers.get("upload-offset"));
      assert(status === 200 && count >= told.count, `${status}: ${count} bytes, after ${told.count}`);
      told.count = count;
      const { status: last } = await rest(pawl, told);
      assertEquals(last, 204);
    }
    const files = [...disk.files("files")];
    // Nobody was told of a creation that a crash came upon: it may have come to pass.
    if (told.path !== undefined || files.length > 0) assertEquals(files, [["a.bin", content]]);
    assertEquals(pawl.log.lines.filter((line) => /^(error|warning)/.test(line)), []);
  });
}

function rest(pawl: LossyPawl, { path, count }: Told): Promise<Response> {
  const headers = { "Content-Type": BODY_TYPE, "Upload-Offset": String(count), "Upload-Length": LENGTH };
  return askTus(pawl, `PATCH ${path}`, headers, content.slice(count));
}
