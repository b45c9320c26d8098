import { extent } from "../support/campaign.ts";
import { playMany } from "../support/model_campaign.ts";
import { startModelServer } from "../support/model_server.ts";

/** Sequences in a run. */
const RUNS = extent({ short: 15, long: 250 });

Deno.test("all protocols give only answers that are true, whatever is sent, cut, killed or late", async () => {
  await playMany(RUNS, startModelServer);
});
