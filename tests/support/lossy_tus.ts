import { type LossyDisk, PowerLost } from "./lossy_disk.ts";
import { type LossyPawl, openLossyPawl } from "./lossy_pawl.ts";

/** One tus request to a server on a lossy disk. */
export async function askTus(
  { app }: LossyPawl,
  line: string,
  headers: Record<string, string> = {},
  body: BodyInit | null = null,
): Promise<Response> {
  const [method = "", path = ""] = line.split(" ");
  const all = { "Tus-Resumable": "1.0.0", ...headers };
  return await app(new Request(`http://localhost${path}`, { method, headers: all, body }));
}

/** Runs a server on a disk until `activity` is through, true, or the power is lost. */
export async function onDisk(disk: LossyDisk, activity: (pawl: LossyPawl) => Promise<unknown>): Promise<boolean> {
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

/** Cuts the power before the `at`th step that changes anything. */
export function crashAt(disk: LossyDisk, at: number): void {
  let steps = 0;
  disk.interfere = ({ kind }) => {
    if (kind !== "look" && ++steps === at) disk.cutPower();
    return undefined;
  };
}
