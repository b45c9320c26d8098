import { resolve } from "@std/path";
import { systemClock } from "../../client/mod.ts";
import { ConfigError } from "../config/config.ts";
import { screenOf } from "../send/screen.ts";
import type { Screen } from "../send/screen_report.ts";
import { readable } from "../send/given.ts";
import { bytesText, shown } from "../send/shown.ts";
import { count, move } from "../upkeep/move.ts";
import {
  amountsText,
  endLines,
  MOVE_HELP,
  type MoveCommand,
  nextSteps,
  parseMoveCommand,
} from "../upkeep/move_command.ts";
import { newFolder, oldFolder } from "./move_folder.ts";
import { moveReport } from "./move_report.ts";
import { newStores, oldStores } from "./move_stores.ts";
import { sharedAddresses } from "./shared_stores.ts";
import { listenForStop } from "./signals.ts";
import type { Terminal } from "./tokens.ts";

const NOT_ALL = 1;
const REFUSED = 2;

/** The things that the command works with, besides its arguments. */
export interface MoveSurroundings extends Terminal {
  readonly env: (name: string) => string | undefined;
  readonly screen: Screen | undefined;
  /** Aborts with the exit code as its reason when the move must stop. */
  readonly signal: AbortSignal;
}

/** Runs the arguments behind `move` on the command line, and gives the exit code. A second signal ends it at once. */
export async function runMoveCommand(
  args: readonly string[],
  env: (name: string) => string | undefined,
  terminal: Terminal,
): Promise<number> {
  using stop = listenForStop();
  return await runMove(args, { ...terminal, env, screen: screenOf(terminal, readable(env)), signal: stop.signal });
}

/** Does what the command says, and gives the exit code. Never ends the process. */
export async function runMove(args: readonly string[], surroundings: MoveSurroundings): Promise<number> {
  const { env, print, tell, signal } = surroundings;
  try {
    const command = parseMoveCommand(args, env);
    if (command === "help") {
      print(MOVE_HELP);
      return 0;
    }
    return await run(command, surroundings);
  } catch (error) {
    if (signal.aborted) {
      tell("Stopped. The same command goes on where this one was");
      return signal.reason;
    }
    if (!(error instanceof ConfigError)) throw error;
    tell(shown(error.message));
    return REFUSED;
  }
}

async function run({ to, data, jobs, isDryRun }: MoveCommand, surroundings: MoveSurroundings): Promise<number> {
  const { env, print, tell, screen, signal } = surroundings;
  const folder = resolve(data);
  const addresses = () => sharedAddresses(env);
  await using source = to === "shared"
    ? await oldFolder(folder, { isLook: isDryRun })
    : await oldStores(await addresses(), tell);
  if (isDryRun) {
    const amounts = await count(source.place, signal);
    print(shown(`There are ${amountsText(amounts, bytesText)} in ${source.place.name}. Nothing was changed`));
    return 0;
  }
  await using target = to === "shared" ? await newStores(await addresses(), tell) : await newFolder(folder);
  const [from, where] = [source.place.name, target.name];
  const report = moveReport({ tell, now: systemClock.now, screen, from, to: where });
  const checkAlone = async () => {
    await source.checkAlone();
    await target.checkAlone();
  };
  let tally;
  try {
    tally = await move({ source: source.place, target: target.place, report, jobs, signal, checkAlone });
  } finally {
    report.end();
  }
  const old = nextSteps(to, folder);
  for (const line of endLines(tally, { from, to: where, old, bytesText })) print(shown(line));
  return tally.failed === 0 ? 0 : NOT_ALL;
}
