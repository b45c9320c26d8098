import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { someBytes } from "../support/bytes.ts";
import { startFakeS3 } from "../support/fake_s3.ts";
import { startMuteRelay } from "../support/mute_relay.ts";
import { freePorts } from "../support/ports.ts";
import { postgresTest, startPostgres } from "../support/postgres.ts";
import { startPawl } from "../support/process.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/until.ts";

const TOKEN = "0123456789012345678901234567";
const content = someBytes(3_000_000);
/** The bytes of each upload that are acknowledged, and those of a body that come before the database goes mute. */
const SAFE = 1000;
const EARLY = 2_000_000;
/** How much longer than promised an answer may take, in seconds, on a machine that has much else to do. */
const BUSY_S = 10;

interface Sent {
  readonly status: number;
  readonly headers: Headers;
}

/** A client of a server at `url`. */
function clientOf(url: string) {
  async function send(method: string, path: string, more: Record<string, string> = {}, body?: BodyInit): Promise<Sent> {
    const headers = { "Authorization": `Bearer ${TOKEN}`, "Tus-Resumable": "1.0.0", ...more };
    const answer = await fetch(new URL(path, url), { method, headers, ...body !== undefined && { body } });
    await answer.body?.cancel();
    return answer;
  }
  return {
    send,
    create: () => send("POST", "/files", { "Upload-Length": `${content.length}` }),
    append: (path: string, offset: number, body: BodyInit) =>
      send("PATCH", path, { "Upload-Offset": `${offset}`, "Content-Type": "application/offset+octet-stream" }, body),
  };
}

/** The bytes behind the safe ones: the last ones come after `mute`, all at once or, with `isSlow`, one by one. */
async function* bodyAround(
  mute: Promise<void>,
  { isSlow }: { isSlow: boolean },
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  yield content.slice(SAFE, EARLY);
  await mute;
  if (!isSlow) yield content.slice(EARLY);
  for (let at = EARLY; isSlow; at++) {
    yield content.slice(at, at + 1);
    await delay(20);
  }
}

postgresTest(
  "while the database says nothing, each request ends in time and is to be tried again; afterwards nothing is lost",
  async () => {
    await using postgres = await startPostgres();
    await using dir = await tempDir();
    await using s3 = startFakeS3();
    const { searchParams } = new URL(await postgres.schema());
    await using relay = await startMuteRelay(`${searchParams.get("host")}/.s.PGSQL.5432`);
    const address = `postgres://pawl@127.0.0.1:${relay.port}/postgres?search_path=${searchParams.get("search_path")}`;
    const env = { PAWL_DATABASE: address, PAWL_BUCKET: s3.address, PAWL_TOKEN: TOKEN };
    const [adminPort] = freePorts(1);
    await using pawl = await startPawl(dir.path, { env, args: ["--admin-port", `${adminPort}`] });
    const { send, create, append } = clientOf(pawl.url);
    const paths: string[] = [];
    for (let count = 0; count < 3; count++) {
      const path = (await create()).headers.get("Location")!;
      // From the third append on the lease rests.
      for (const [start, end] of [[0, 300], [300, 600], [600, SAFE]]) {
        assertEquals((await append(path, start!, content.subarray(start, end))).status, 204);
      }
      paths.push(path);
    }
    const [idle, ending, slow] = paths as [string, string, string];
    const mute = Promise.withResolvers<void>();
    const under = [ending, slow].map((path) =>
      append(path, SAFE, ReadableStream.from(bodyAround(mute.promise, { isSlow: path === slow })))
    ) as [Promise<Sent>, Promise<Sent>];
    const small = { "Upload-Length": "5", "Content-Type": "application/offset+octet-stream" };
    await until(async () => {
      const metrics = await fetch(`http://127.0.0.1:${adminPort}/metrics`);
      return /^pawl_uploads_active 2$/m.test(await metrics.text());
    }, "both bodies come");

    relay.isMute = true;
    const begunAt = performance.now();
    mute.resolve();
    const promised: [name: string, answer: Promise<Sent>, status: number, seconds: number][] = [
      ["a create", create(), 503, 5],
      ["a list", send("GET", "/api/uploads"), 503, 5],
      // If its lease rests still, it fails as it is committed.
      ["an append that begins", append(idle, SAFE, content.subarray(SAFE)), 503, 15],
      ["a create with a body", send("POST", "/files", small, content.subarray(0, 5)), 503, 10],
      ["a HEAD", send("HEAD", idle), 423, 10],
      ["an append under way whose body ends", under[0], 503, 15],
      // Its next checkpoint is due within five seconds.
      ["an append under way whose body goes on", under[1], 503, 20],
    ];
    await Promise.all(promised.map(async ([name, answer, wanted, seconds]) => {
      const { status, headers } = await answer;
      assertEquals([name, status, headers.get("Retry-After")], [name, wanted, "2"]);
      const took = (performance.now() - begunAt) / 1000;
      assert(took < seconds + BUSY_S, `${name} took ${took} seconds`);
    }));

    relay.isMute = false;
    for (const path of paths) {
      await until(async () => (await send("HEAD", path)).status === 200, "the instance goes on");
      const offset = Number((await send("HEAD", path)).headers.get("Upload-Offset"));
      assert(offset >= SAFE);
      assertEquals((await append(path, offset, content.subarray(offset))).status, 204);
      const file = await fetch(new URL(path, pawl.url), { headers: { Authorization: `Bearer ${TOKEN}` } });
      const got = await file.bytes();
      assert(got.length === content.length && got.every((byte, at) => byte === content[at]), "The bytes differ");
    }
  },
);
