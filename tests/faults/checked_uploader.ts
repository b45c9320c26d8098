import { assert, assertEquals } from "@std/assert";
import { type Clock, systemClock } from "../../client/async/clock.ts";
import { type Transport, Uploader } from "../../client/mod.ts";
import type { Random } from "../support/random.ts";
import type { Source } from "../support/sources.ts";
import type { Fault } from "../support/tcp_proxy.ts";

/** How much faster the client's time goes by than the machine's: its 30 seconds without a byte are 1.5. */
const HASTE = 20;

const hastyClock: Clock = {
  now: () => systemClock.now() * HASTE,
  wait: (ms, signal) => systemClock.wait(ms / HASTE, signal),
};

/** How often each is met; one that stalls costs the client its whole patience. */
const KINDS = ["cut", "cut", "reset", "reset", "half-close", "delay", "delay", "stall"] as const;

/** The fate of a connection through a bad network. */
export function drawFault(random: Random): Fault | undefined {
  if (random.chance(0.1)) return undefined;
  const kind = random.pick(KINDS);
  const direction = random.chance(0.7) ? "up" : "down";
  // As often among the first bytes as in the middle of a long request.
  const after = Math.floor(direction === "up" ? 2 ** (random.next() * 20) : random.next() * 1200);
  return kind === "delay" ? { kind, direction, after, ms: random.integer(1, 80) } : { kind, direction, after };
}

/**
 * Uploads a file with the client library and resolves when the server has it all. Throws where an answer takes back
 * what an earlier one has acknowledged, or a request starts before it.
 */
export async function uploadChecked(
  source: Source,
  { id, url, requestBytes, random }: { id: string; url: string; requestBytes: number; random: Random },
): Promise<{ requests: number; location: string }> {
  // Connections of its own: one that another upload's fault has spoilt would tell nothing new.
  using client = Deno.createHttpClient({});
  let acknowledged = 0;
  let requests = 0;
  const wrong: string[] = [];
  const transport: Transport = async ({ method, url, headers, body, onSent, signal }) => {
    requests++;
    const start = Number(headers["X-Start-Byte"] ?? acknowledged);
    if (start < acknowledged) wrong.push(`a request starts at ${start} after ${acknowledged} were acknowledged`);
    const response = await fetch(url, { method, headers, body: await body?.bytes() ?? null, signal, client });
    onSent?.(body?.size ?? 0);
    const text = await response.text();
    const count = response.headers.get("upload-offset");
    if (count !== null && Number(count) < acknowledged) {
      wrong.push(`${count} bytes are told after ${acknowledged} were acknowledged`);
    }
    if (count !== null) acknowledged = Math.max(acknowledged, Number(count));
    if (response.status >= 500) wrong.push(`${response.status} ${text}`);
    return { status: response.status, headers: response.headers, text };
  };
  const file = new File([source.bytes()], id);
  const uploader = new Uploader({
    file,
    id,
    endpoint: url,
    requestBytes,
    transport,
    tries: 100,
    clock: hastyClock,
    random: () => random.next(),
  });
  assertEquals(await uploader.upload(), true, id);
  assertEquals(wrong, [], id);
  assert(uploader.location !== undefined, `The server has not told where ${id} is`);
  return { requests, location: uploader.location };
}
