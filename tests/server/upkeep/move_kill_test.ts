import { assert, assertEquals, assertRejects } from "@std/assert";
import { ConfigError } from "../../../server/config/config_error.ts";
import { Died } from "../../support/dying_instance.ts";
import { IS_LONG } from "../../support/campaign.ts";
import { fillFolder } from "../../support/filled_folder.ts";
import { assertSame, bucketTarget, folderTarget, moved, sourceFolder } from "../../support/moving.ts";
import { tempDir } from "../../support/temp_dir.ts";

/** Of the steps, every fifth is enough for most runs. */
const STRIDE = IS_LONG ? 1 : 5;

for (const [kind, make] of [["a bucket", bucketTarget], ["a folder", () => folderTarget()]] as const) {
  Deno.test(`a move to ${kind} that dies at any step goes on when it is run again: nothing lost, nothing twice`, async () => {
    await using dir = await tempDir();
    await fillFolder(dir.path, ["b"]);
    await using folder = await sourceFolder(dir.path);
    let died = 0;
    for (let step = 1;; step += STRIDE) {
      await using to = await make();
      const first = await to.open(step);
      // One at a time, so that the steps have the same numbers in each run.
      const failure = await moved(folder.source, first.target, { jobs: 1 }).then(() => undefined, (error) => error);
      if (failure === undefined) break;
      assert(failure instanceof Died, failure);
      died++;
      if (first.steps.length > 2) {
        const { value: format } = await to.database.kv.get<string>(["format"]);
        if (!/^moving from /.test(format ?? "")) {
          // Its last step has ended the move: the place is a server's own now.
          await assertSame(folder.source, to);
          const again = async () => await moved(folder.source, (await to.open()).target, { jobs: 1 });
          await assertRejects(again, ConfigError, "it has the records of a server");
          continue;
        }
      }
      const { notes } = await moved(folder.source, (await to.open()).target, { jobs: 1 });
      assertEquals([step, notes], [step, []]);
      await assertSame(folder.source, to);
    }
    assert(died * STRIDE > 60, `only ${died} steps`);
  });
}
