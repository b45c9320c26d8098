import { ModelClient } from "./model_client.ts";
import type { Sequence } from "./model_commands.ts";
import { finishAll } from "./model_end.ts";
import { Game } from "./model_run.ts";
import { Places } from "./model_places.ts";
import type { ModelSite } from "./model_site.ts";

/** The numbers of what was done, by kind. */
export type Tally = Map<string, number>;

/** Plays one sequence against a site, then finishes all its uploads. Throws where the server does what it may not. */
export async function play(site: ModelSite, sequence: Sequence, name: string, tally: Tally): Promise<void> {
  const notes: string[] = [];
  let files = 0;
  const count = (what: string, more = 1) => void tally.set(what, (tally.get(what) ?? 0) + more);
  const places = new Places(site);
  const shared = {
    site,
    place: (clientId: string) => places.of(clientId),
    newFile: () => ++files,
    note: (line: string) => void notes.push(line),
    count: (what: string) => count(what),
  };
  const clients = sequence.clients.map((plan, index) => new ModelClient(`${name}-${index}`, plan, shared));
  using game = new Game({ site, places, clients, count });
  try {
    for (const command of sequence.commands) await game.play(command);
    game[Symbol.dispose]();
    await finishAll(site, clients, count);
    count("sequences");
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${message}\nAfter\n  ${notes.join("\n  ")}\n`, { cause });
  }
}
