import { assertEquals } from "@std/assert";
import { openTestApp } from "../../support/pawl.ts";
import { until } from "../../support/until.ts";

const MIB = 2 ** 20;
const PIECE = new Uint8Array(MIB);
const TRUSTED = "10.0.0.1";

/** Sends a body without end that is refused, from this address; gives how many MiB of it were read. */
async function drained(hostname: string, headers: Record<string, string> = {}): Promise<number> {
  await using site = await openTestApp({ trustedProxies: [`${TRUSTED}/32`] });
  let pieces = 0;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      pieces++;
      controller.enqueue(PIECE);
    },
    cancel: () => void (isCancelled = true),
  }, { highWaterMark: 0 });
  const request = new Request("http://localhost/upload", {
    method: "POST",
    headers: { "X-File-Id": "a", "X-Start-Byte": "5", ...headers },
    body,
  });
  const remoteAddr: Deno.NetAddr = { transport: "tcp", hostname, port: 1 };
  const { status } = await site.app(request, { remoteAddr, completed: Promise.resolve() });
  assertEquals(status, 400);
  await until(() => isCancelled, "the body is cancelled");
  return pieces;
}

Deno.test("a refused body is drained further than the client library's largest request goes, and then cut off", async () => {
  assertEquals(await drained("203.0.113.9"), 21);
});

Deno.test("what a trusted proxy sends of a refused body is drained further, and then cut off", async () => {
  assertEquals(await drained(TRUSTED), 257);
});

Deno.test("of what a browser sends again by itself little is drained, through a proxy too", async () => {
  assertEquals(await drained(TRUSTED, { "X-Start-Over": "?0" }), 1);
});
