import { assert, assertEquals } from "@std/assert";
import { LossyDisk, PowerLost } from "../support/lossy_disk.ts";
import { type LossyPawl, openLossyPawl } from "../support/lossy_pawl.ts";
import { Ledger } from "./ledger.ts";
import type { Scenario } from "./scenarios.ts";
import { Sender } from "./sender.ts";

/** A disk as a server finds it, and what its clients know. */
export interface World extends Disposable {
  readonly disk: LossyDisk;
  readonly ledger: Ledger;
}

export function newWorld(disk = LossyDisk.empty(), ledger = new Ledger()): World {
  return { disk, ledger, [Symbol.dispose]: () => disk[Symbol.dispose]() };
}

/** A world like this one, as the next process finds it. */
export function copyOf({ disk, ledger }: Pick<World, "disk" | "ledger">): World {
  return newWorld(disk.afterKill(), ledger.copy());
}

/** Starts a server in a world, and lets something go on there: to its end, true, or until the power is lost. */
export async function run(
  world: World,
  { limits }: Scenario,
  activity: (sender: Sender) => Promise<unknown>,
): Promise<boolean> {
  const { disk, ledger } = world;
  const sender = new Sender({ disk, ledger, pawl: await openLossyPawl(disk, limits) });
  try {
    await activity(sender);
    return true;
  } catch (error) {
    if (error instanceof PowerLost) return false;
    throw error;
  } finally {
    sender.end();
    await sender.pawl[Symbol.asyncDispose]();
    // Of a process that is gone nothing stays open.
    if (!disk.isDead) assertEquals(disk.opened.size, 0);
  }
}

/** What a check has to know of the way in which things went on. */
export interface Expected {
  /** Each file is wanted to come to its end; not so after everything was given up. */
  readonly atItsEnd: boolean;
}

/**
 * Throws unless all is in order: nothing acknowledged is missing, each finished file is whole, none is there twice or
 * without its record, and nothing is left over. `repair` has the last word before.
 */
export async function check(
  { disk, ledger }: World,
  { files }: Scenario,
  pawl: LossyPawl,
  { atItsEnd }: Expected,
): Promise<void> {
  await pawl.repair();
  const uploads = [...disk.tables.uploads.values()];
  // On a full disk the bytes go before their record does, where somebody wants them gone.
  const letGo = new Set(
    files.filter((file) => file.wanted === "removed" && ledger.count(file) === 0).map(({ id }) => id),
  );
  const lost = uploads.filter((upload) => upload.state === "gone" && upload.reason === "lost");
  assertEquals(lost.filter(({ clientId }) => !letGo.has(clientId ?? "")), []);
  ledger.assertKept(disk);
  const finished = disk.files("files");
  const complete = uploads.filter((upload) => upload.state === "complete")
    .filter(({ path, clientId }) => finished.has(path) || !letGo.has(clientId ?? ""));
  assertEquals([...finished.keys()].sort(), complete.map(({ path }) => path).sort());
  for (const file of files) {
    const copies = complete.filter(({ clientId }) => clientId === file.id);
    for (const { path } of copies) ledger.assertWhole(file, finished.get(path)!);
    if (!atItsEnd) continue;
    const most = ledger.copies(file);
    if (file.wanted === "removed") assertEquals(copies, []);
    else assert(copies.length >= 1 && copies.length <= most, `${copies.length} finished uploads of ${file.id}`);
  }
  const receiving = uploads.filter(({ state }) => state === "receiving").map(({ id }) => id);
  assertEquals([...disk.files("incoming").keys()].filter((name) => !receiving.includes(name)), []);
}

/** Throws when a file shows that no finished upload is known to have. */
export function assertAllKnown({ disk }: Pick<World, "disk">): void {
  const complete = [...disk.tables.uploads.values()].filter((upload) => upload.state === "complete");
  const known = new Set(complete.map(({ path }) => path));
  assertEquals([...disk.files("files").keys()].filter((path) => !known.has(path)), []);
}

/** The same text for worlds that are the same but for their random ids. */
export function describe({ disk, ledger }: World): string {
  const nodes = [...disk.nodes].map(([number, node]) => [number, node.describe()]);
  const { uploads, clients } = disk.tables;
  const text = JSON.stringify([nodes, disk.now, [...uploads], [...clients], ledger.describe()]);
  const ids = new Map<string, number>();
  return text.replaceAll(disk.boot, "this boot").replaceAll(/[\w-]{36}|[\w-]{22}/g, (id) => {
    if (!ids.has(id)) ids.set(id, ids.size);
    return `#${ids.get(id)}`;
  });
}

/** What a person wants to see of a world. */
export function drawingOf({ disk }: World): string {
  const lines = [...disk.tables.uploads.values()].map((upload) => JSON.stringify(upload));
  for (const [path, { length }] of disk.files("")) {
    lines.push(`${path}: ${length} bytes, ${disk.safeBytes(path)?.length} of them safe`);
  }
  return lines.join("\n");
}
