import { assertEquals, assertStringIncludes } from "@std/assert";
import { someBytes } from "../support/bytes.ts";
import { untilReceived } from "../support/incoming.ts";
import { startPawl } from "../support/process.ts";
import { connect, postHead, type RawConnection } from "../support/raw.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";

for (const [limit, connections] of [[64, 80], [1024, 1100]] as const) {
  Deno.test(`${connections} silent connections under a limit of ${limit} open files: uploads go on, the listener comes back`, async () => {
    await using dir = await tempDir();
    await using pawl = await startPawl(dir.path, { openFiles: limit });
    assertStringIncludes(pawl.output(), "more files and connections can be open at a time: raise the limit");
    const file = someBytes(4_000_000);
    using upload = await connect(pawl.port);
    await upload.send(postHead("a", { "Content-Length": file.length }));
    await upload.send(file.subarray(0, 1000));
    await untilReceived(dir.path, 1000);

    using silent = new DisposableStack();
    for (let count = 0; count < connections; count++) {
      const connection: RawConnection | undefined = await connect(pawl.port).catch(() => undefined);
      if (connection !== undefined) silent.use(connection);
    }
    await until(() => pawl.output().includes("Too many files and connections are open"), "the limit is reached");
    await upload.send(file.subarray(1000));
    assertEquals((await upload.answer()).body, "Success 4000000");

    // The silent ones are still there, on this side.
    await until(() => fetch(pawl.url).then((page) => page.text()).then(() => true, () => false), "it listens again");
    assertEquals(await Deno.readFile(`${dir.path}/files/a`), file);
    assertEquals(pawl.output().split("Too many files and connections are open").length, 2);
  });
}
