import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { extent } from "../support/campaign.ts";
import { startServer } from "../support/pawl.ts";
import { Random, seedOfRun, withSeed } from "../support/random.ts";
import { sha256OfStream, Source } from "../support/sources.ts";
import { startProxy } from "../support/tcp_proxy.ts";
import { untilNothingUnfinished } from "../support/incoming.ts";
import { breakAndGoOn, type Case, MOMENTS, SHAPES } from "./broken_request.ts";
import { drawFault, uploadChecked } from "./checked_uploader.ts";
import { filesBelow, inParallel, report } from "./run.ts";

Deno.test("a fault at any moment of a request: the offset told is the one that the next request meets", async (test) => {
  await using pawl = await startHere();
  let sent = 0;
  for (const [turn, kind] of (["cut", "reset", "half-close", "stall"] as const).entries()) {
    await test.step(kind, async () => {
      const cases = MOMENTS.flatMap((moment, at) =>
        SHAPES.flatMap((shape, of) => asksOf(turn + at + of).map((asks): Case => ({ kind, moment, shape, asks })))
      );
      const failures: string[] = [];
      await inParallel(cases, 8, async (one, number) => {
        try {
          await breakAndGoOn(pawl, one, new Source(one.shape.size, number * 1009));
        } catch (error) {
          failures.push(`${one.moment.name}, ${one.shape.name}, ${one.asks}: ${error}`);
        }
      });
      assert(failures.length === 0, [...failures, ...pawl.log.lines].join("\n"));
      assertEquals(pawl.complaints(), []);
      sent += cases.length;
      assertEquals((await filesBelow(join(pawl.data, "files"))).length, sent);
      await untilNothingUnfinished(pawl.data);
    });
  }
});

const ASKS = ["status", "wrong-start"] as const;

/** The ways of asking: one after the other in a short run, both in a long one. */
function asksOf(turn: number): readonly Case["asks"][] {
  return extent<readonly Case["asks"][]>({ short: [ASKS[turn % ASKS.length]!], long: ASKS });
}

const UPLOADS = extent({ short: 6, long: 80 });
const REQUEST_BYTES = 256 * 1024;

Deno.test("Uploader brings every file through a network with random faults, and never goes back", async () => {
  const random = new Random(seedOfRun());
  await using pawl = await startHere();
  const injected: Record<string, number> = {};
  const faults = random.fork();
  await using proxy = await startProxy({
    to: pawl.port,
    plan: () => drawFault(faults),
    onFault: ({ kind, direction }) => injected[`${kind} ${direction}`] = (injected[`${kind} ${direction}`] ?? 0) + 1,
  });
  const url = `http://127.0.0.1:${proxy.port}`;
  const sources = Array.from({ length: UPLOADS }, (_, number) => new Source(drawSize(random, number), number * 4099));
  let bytes = 0;
  let requests = 0;

  await withSeed(random.seed, async () => {
    await inParallel(sources, 8, async (source, number) => {
      const requestBytes = random.pick([REQUEST_BYTES, 65_537, 2 ** 20]);
      const done = await uploadChecked(source, { id: nameOf(number), url, requestBytes, random: random.fork() });
      const { body } = await fetch(new URL(done.location, pawl.url));
      assertEquals(await sha256OfStream(body!), { sha256: source.sha256, size: source.size }, nameOf(number));
      requests += done.requests;
      bytes += source.size;
    });
    assertEquals(await filesBelow(join(pawl.data, "files")), sources.map((_, number) => nameOf(number)));
    await untilNothingUnfinished(pawl.data);
    assertEquals(pawl.complaints(), []);
  }, () => pawl.log.lines.join("\n"));
  report(
    `Faults injected: ${listed(injected)}; ${UPLOADS} uploads in ${requests} requests, ` +
      `${bytes} bytes compared, PAWL_SEED=${random.seed}`,
  );
});

/** A server in this process, with the patience of one of its own; that costs much less, and the lines between are real. */
async function startHere() {
  const server = await startServer({ limits: {} });
  return {
    url: server.url.replace(/\/$/, ""),
    port: server.port,
    data: server.data,
    log: server.log,
    complaints: () => server.log.lines.filter((line) => !/^(?:debug|info): /.test(line)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function listed(counts: Record<string, number>): string {
  return Object.entries(counts).sort().map(([name, count]) => `${count} ${name}`).join(", ");
}

function nameOf(number: number): string {
  return `upload-${String(number).padStart(3, "0")}`;
}

/** The sizes that are special first, then any, small ones as often as large ones. */
function drawSize(random: Random, number: number): number {
  const special = [0, 1, 2, REQUEST_BYTES - 1, REQUEST_BYTES, REQUEST_BYTES + 1, 2 * REQUEST_BYTES, 4 * 2 ** 20];
  return special[number] ?? Math.floor(2 ** (random.next() * 22));
}
