import { assert, assertEquals } from "@std/assert";
import { type Transport, Uploader } from "../../../client/mod.ts";
import { FakeLocks } from "../support/fake_locks.ts";
import { FakeServer } from "../support/fake_server.ts";
import { HugeFile } from "../support/huge_file.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const MIB = 2 ** 20;

Deno.test("upload() seldom tries a larger request again where large ones are reset without an answer", async () => {
  const server = new FakeServer(256 * MIB);
  let resets = 0;
  const transport: Transport = async (request) => {
    const bytes = request.body?.size ?? 0;
    if (bytes <= MIB) return await server.transport(request);
    request.onSent?.(bytes);
    resets++;
    throw new TypeError("The connection was reset");
  };
  const clock = new VirtualClock();
  const uploader = new Uploader({
    file: new HugeFile(256 * MIB),
    id: "film",
    transport,
    fingerprintOf: () => Promise.resolve(undefined),
    locks: new FakeLocks(),
    clock,
  });
  assertEquals(await clock.run(uploader.upload()), true);
  assert(resets <= 10, `${resets} requests were reset`);
});
