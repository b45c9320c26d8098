import type { ModelClient } from "./model_client.ts";
import type { SendPlan } from "./model_commands.ts";
import type { ModelSite } from "./model_site.ts";
import { sourceOf } from "./sources.ts";
import { exchange, readerOf, wireRequest } from "./model_wire.ts";
import { send } from "./upload_model.ts";

/**
 * Lets every upload go on to its end, and compares all finished files, by their names and contents, with what was sent.
 * Throws when one is missing or too many, when something unfinished is left, or when the server has complained.
 */
export async function finishAll(
  site: ModelSite,
  clients: readonly ModelClient[],
  count: (what: string, more: number) => void,
): Promise<void> {
  for (const client of clients) {
    await client.ask();
    if (client.worlds.every((world) => world.finished || world.file === undefined)) continue;
    const request = await client.request(TO_THE_END, await client.place());
    const said = await exchange(
      site.portFor(request.at),
      wireRequest(client, request, { expect: false }).bytes,
      readerOf(request),
    );
    client.observe("sends the rest", (world) => send(world, request), said);
    if (!client.worlds.every((world) => world.finished)) throw new Error("The rest does not finish the upload");
  }
  if (clients.some(({ hasLost }) => hasLost)) await site.forgetUnfinished();
  const found = await site.takeFiles();
  const keys = found.map(({ name, sha256 }) => `${name} ${sha256}`).sort();
  const expected = clients.map(finishedFiles).reduce(
    (all, those) => all.flatMap((some) => those.map((more) => [...some, ...more])),
    [[]],
  );
  if (!expected.some((some) => some.toSorted().join() === keys.join())) {
    throw new Error(`Finished are\n  ${keys.join("\n  ")}\nand it should be\n  ${expected[0]?.join("\n  ")}`);
  }
  site.checkLog();
  count("files compared", found.length);
  count("bytes compared", found.reduce((sum, { size }) => sum + size, 0));
}

const TO_THE_END: SendPlan = {
  byTus: false,
  byIetf: false,
  inForm: false,
  where: "on",
  another: false,
  bytes: "rest",
  part: 0.5,
  size: "right",
  chunked: false,
  bodyDigest: "right",
  fileDigest: "right",
};

/** The names and the SHA-256 of the files that the client has finished, for each world. */
function finishedFiles({ name, worlds }: ModelClient): string[][] {
  return worlds.map(({ earlier, file, length }) => {
    const files = file === undefined || length === undefined ? earlier : [...earlier, { file, length }];
    return files.map(({ file, length }) => `${name} ${sourceOf(file, length).sha256}`);
  });
}
