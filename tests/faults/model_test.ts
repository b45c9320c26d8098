import { extent } from "../support/campaign.ts";
import { runModel } from "../support/model_campaign.ts";
import { ModelServer } from "../support/model_server.ts";

Deno.test("all protocols give only answers that are true, whatever is sent, cut, killed or late", async () => {
  await runModel({ start: () => ModelServer.start(), runs: extent({ short: 10, long: 200 }) });
});
