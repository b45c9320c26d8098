import { assert, assertEquals } from "@std/assert";
import { someBytes } from "../support/bytes.ts";
import { LossyDisk, PowerLost } from "../support/lossy_disk.ts";
import { EVERY, firstStep } from "../support/campaign.ts";
import { mountLossyDisks } from "../support/lossy_mount.ts";
import { ALL_SURVIVORS } from "../support/lossy_nodes.ts";
import type { LossyPawl } from "../support/lossy_pawl.ts";
import { askTus, crashAt, onDisk } from "../support/lossy_tus.ts";
import { BODY_TYPE } from "../support/tus_wire.ts";
import { describe, newWorld } from "./world.ts";

const content = someBytes(200);
/** The bytes at which the partial uploads start and end. The first one comes again at the end. */
const SPANS = [[0, 70], [70, 70], [70, 150]] as const;
const whole = new Uint8Array([...content.subarray(0, 150), ...content.subarray(0, 70)]);

/** The facts that a client which concatenates partial uploads knows. */
interface Client {
  readonly paths: string[];
  /** The final upload's address, once it was told. */
  location?: string;
}

/** How things go on after a crash, until the client asks again for what it wants. */
const RECOVERIES: Record<string, (pawl: LossyPawl, client: Client) => Promise<unknown>> = {
  "after repair": (pawl) => pawl.repair(),
  "by asking again": () => Promise.resolve(),
  "after asking for the partial uploads, and sending nothing to them": async (pawl, { paths }) => {
    for (const path of paths) {
      const { status, headers } = await askTus(pawl, `HEAD ${path}`);
      assert(status === 200 || status === 410, `${status} for a partial upload`);
      const offset = headers.get("upload-offset");
      if (offset === null) continue;
      await askTus(pawl, `PATCH ${path}`, { "Upload-Offset": offset, "Content-Type": BODY_TYPE });
    }
  },
  "after a sweep, and repair": async (pawl) => {
    await pawl.sweep();
    await pawl.repair();
  },
};

Deno.test("a crash at any step of a concatenation loses no byte and makes no second file", async (test) => {
  using _mount = mountLossyDisks();
  using start = LossyDisk.empty();
  const client: Client = { paths: [] };
  await onDisk(start, async (pawl) => {
    for (const [from, to] of SPANS) client.paths.push(await sendPartial(pawl, content.slice(from, to)));
  });
  for (const [name, recover] of Object.entries(RECOVERIES)) {
    await test.step(name, async () => {
      let isComplete = false;
      let crashPoints = 0;
      const seen = new Set<string>();
      for (let at = firstStep(name); !isComplete; at += EVERY, crashPoints++) {
        using disk = start.afterKill();
        crashAt(disk, at);
        const known: Client = { paths: client.paths };
        isComplete = await onDisk(disk, (pawl) => concatenate(pawl, known));
        for (const next of [disk.afterKill(), ...ALL_SURVIVORS.map((survivors) => disk.afterLoss(survivors))]) {
          using world = newWorld(next);
          const key = `${known.location} ${describe(world)}`;
          if (seen.has(key)) continue;
          seen.add(key);
          await recoverAndCheck(next, known, recover);
          await crashAgain(next, known, recover);
        }
      }
      assert(crashPoints * EVERY > 15, `${crashPoints} crash points`);
    });
  }
});

Deno.test("a disk that fails at any step of a concatenation loses no byte, and the same request again makes the file", async () => {
  using _mount = mountLossyDisks();
  using start = LossyDisk.empty();
  const paths: string[] = [];
  await onDisk(start, async (pawl) => {
    for (const [from, to] of SPANS) paths.push(await sendPartial(pawl, content.slice(from, to)));
  });
  let steps = 0;
  for (let at = 1; steps === 0 || at <= steps; at++) {
    for (const error of [new Error("EIO"), Object.assign(new Error("ENOSPC"), { code: "ENOSPC" })]) {
      using disk = start.afterKill();
      await onDisk(disk, async (pawl) => {
        let step = 0;
        disk.interfere = ({ kind }) => kind !== "look" && ++step === at ? { error } : undefined;
        const first = await askForFinal(pawl, paths);
        if (step < at) steps = step;
        assert([201, 500, 507].includes(first.status), `${first.status} at step ${at}: ${await first.text()}`);
        disk.interfere = () => undefined;
        const second = await askForFinal(pawl, paths);
        assertEquals([at, second.status, await second.text()], [at, 201, ""]);
        assertEquals([...disk.files("files")], [["whole.bin", whole]]);
      });
    }
  }
  assert(steps > 15, `${steps} steps`);
});

/** One more crash in the middle of the recovery. */
async function crashAgain(
  from: LossyDisk,
  known: Client,
  recover: (pawl: LossyPawl, client: Client) => Promise<unknown>,
) {
  let isComplete = false;
  for (let at = 1; !isComplete; at += 3 * EVERY) {
    using disk = from.afterKill();
    crashAt(disk, at);
    const client = { ...known };
    isComplete = await onDisk(disk, async (pawl) => {
      await recover(pawl, client);
      await concatenate(pawl, client);
    });
    using next = disk.afterLoss({ bytes: "none", names: "none" });
    await recoverAndCheck(next, client, () => Promise.resolve());
  }
}

async function recoverAndCheck(
  from: LossyDisk,
  known: Client,
  recover: (pawl: LossyPawl, client: Client) => Promise<unknown>,
): Promise<void> {
  using disk = from.afterKill();
  const client = { ...known };
  await onDisk(disk, async (pawl) => {
    await recover(pawl, client);
    await concatenate(pawl, client);
    await pawl.repair();
    assertEquals([...disk.files("files")], [["whole.bin", whole]]);
    assertEquals([...disk.files("incoming").keys()], []);
    const { headers } = await askTus(pawl, `HEAD ${client.location}`);
    assertEquals([headers.get("upload-offset"), headers.get("upload-length")], ["220", "220"]);
    assertEquals(pawl.log.lines.filter((line) => /^(error|warning)/.test(line)), []);
  });
  // Acknowledged bytes are safe, even if nothing survives that was not flushed.
  using after = disk.afterLoss({ bytes: "none", names: "none" });
  await onDisk(after, (pawl) => pawl.repair());
  assertEquals([...after.files("files")], [["whole.bin", whole]]);
}

async function concatenate(pawl: LossyPawl, client: Client): Promise<void> {
  const answer = await askForFinal(pawl, client.paths);
  if (answer.status === 500) throw new PowerLost();
  assertEquals([answer.status, await answer.text()], [201, ""]);
  const location = answer.headers.get("location")!;
  assertEquals(location, client.location ?? location);
  client.location = location;
}

function askForFinal(pawl: LossyPawl, paths: readonly string[]): Promise<Response> {
  return askTus(pawl, "POST /files/", {
    "Upload-Concat": `final;${[...paths, paths[0]].join(" ")}`,
    "Upload-Metadata": `name ${btoa("whole.bin")}`,
  });
}

async function sendPartial(pawl: LossyPawl, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const headers = { "Upload-Concat": "partial", "Upload-Length": String(body.length), "Content-Type": BODY_TYPE };
  const { status, headers: told } = await askTus(pawl, "POST /files/", headers, body);
  assertEquals(status, 201);
  return told.get("location")!;
}
