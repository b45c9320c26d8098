import { assert, assertEquals } from "@std/assert";
import { someBytes } from "../support/bytes.ts";
import { LossyDisk, PowerLost } from "../support/lossy_disk.ts";
import { mountLossyDisks } from "../support/lossy_mount.ts";
import { ALL_SURVIVORS } from "../support/lossy_nodes.ts";
import { type LossyPawl, openLossyPawl } from "../support/lossy_pawl.ts";
import { BODY_TYPE } from "../support/tus_wire.ts";
import { describe, newWorld } from "./world.ts";

const content = someBytes(200);
/** Where the partial uploads begin and end; the first comes again at the end. */
const SPANS = [[0, 70], [70, 70], [70, 150]] as const;
const whole = new Uint8Array([...content.subarray(0, 150), ...content.subarray(0, 70)]);

/** What a client knows that concatenates partial uploads. */
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
      const { status, headers } = await ask(pawl, "HEAD", path);
      assert(status === 200 || status === 410, `${status} for a partial upload`);
      const offset = headers.get("upload-offset");
      if (offset === null) continue;
      await ask(pawl, "PATCH", path, { "Upload-Offset": offset, "Content-Type": BODY_TYPE });
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
      for (let at = 1; !isComplete; at++, crashPoints++) {
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
      assert(crashPoints > 15, `${crashPoints} crash points`);
    });
  }
});

/** One more crash in the middle of the recovery. */
async function crashAgain(
  from: LossyDisk,
  known: Client,
  recover: (pawl: LossyPawl, client: Client) => Promise<unknown>,
) {
  let isComplete = false;
  for (let at = 1; !isComplete; at += 3) {
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
    const { headers } = await ask(pawl, "HEAD", client.location!);
    assertEquals([headers.get("upload-offset"), headers.get("upload-length")], ["220", "220"]);
    assertEquals(pawl.log.lines.filter((line) => /^(error|warning)/.test(line)), []);
  });
  // What was told is safe, even if nothing survives that was not flushed.
  using after = disk.afterLoss({ bytes: "none", names: "none" });
  await onDisk(after, (pawl) => pawl.repair());
  assertEquals([...after.files("files")], [["whole.bin", whole]]);
}

function crashAt(disk: LossyDisk, at: number): void {
  let steps = 0;
  disk.interfere = ({ kind }) => {
    if (kind !== "look" && ++steps === at) disk.cutPower();
    return undefined;
  };
}

/** Runs a server on a disk until `activity` is through, true, or the power is lost. */
async function onDisk(disk: LossyDisk, activity: (pawl: LossyPawl) => Promise<unknown>): Promise<boolean> {
  try {
    await using pawl = await openLossyPawl(disk, { expireAfterMs: 1e9 });
    await activity(pawl);
    if (disk.isDead) throw new PowerLost();
    return true;
  } catch (error) {
    if (disk.isDead) return false;
    throw error;
  }
}

async function concatenate(pawl: LossyPawl, client: Client): Promise<void> {
  const answer = await ask(pawl, "POST", "/files/", {
    "Upload-Concat": `final;${[...client.paths, client.paths[0]].join(" ")}`,
    "Upload-Metadata": `name ${btoa("whole.bin")}`,
  });
  if (answer.status === 500) throw new PowerLost();
  assertEquals([answer.status, await answer.text()], [201, ""]);
  const location = answer.headers.get("location")!;
  assertEquals(location, client.location ?? location);
  client.location = location;
}

async function sendPartial(pawl: LossyPawl, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const headers = { "Upload-Concat": "partial", "Upload-Length": String(body.length), "Content-Type": BODY_TYPE };
  const { status, headers: told } = await ask(pawl, "POST", "/files/", headers, body);
  assertEquals(status, 201);
  return told.get("location")!;
}

async function ask(
  { app }: LossyPawl,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: BodyInit | null = null,
): Promise<Response> {
  const all = { "Tus-Resumable": "1.0.0", ...headers };
  return await app(new Request(`http://localhost${path}`, { method, headers: all, body }));
}
