import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createFingerprintOf, type FingerprintOf } from "../../../client/upload/fingerprint.ts";
import { systemClock, UploadError } from "../../../client/mod.ts";
import type { Fingerprint } from "../../../client/protocol/piece.ts";
import type { FakeServerOptions } from "../support/fake_server.ts";
import { LiveFile } from "../support/live_file.ts";
import { withoutWebCrypto } from "../support/plain_http.ts";
import { ReadingServer } from "../support/reading_server.ts";
import { BROKEN, setUp } from "../support/set_up.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

const KIB = 1024;
const SIZE = 1000 * KIB;
const PIECE = 200 * KIB;
const CONTENT = new Uint8Array(SIZE).map((_, at) => at % 251);

/** How the bytes of a piece are compared, over HTTPS and over plain HTTP. */
const WAYS: Readonly<Record<string, FingerprintOf>> = {
  "with WebCrypto": createFingerprintOf(),
  "without WebCrypto": withoutWebCrypto(createFingerprintOf),
};

/** Other bytes from `start` to `end`. */
type Change = readonly [start: number, end: number];

const CHANGES: Readonly<Record<string, Change>> = {
  "rewritten as a whole": [0, SIZE],
  "changed in 4 KiB that no sample sees": [300 * KIB, 304 * KIB],
  "changed in its last piece": [SIZE - 100 * KIB, SIZE - 96 * KIB],
};

interface Play {
  file: LiveFile;
  server: ReadingServer;
  /** True, or the code of the error. */
  end: Promise<boolean | string>;
  uploader: ReturnType<typeof setUp>["uploader"];
  clock: ReturnType<typeof setUp>["clock"];
}

function play(fingerprintOf: FingerprintOf, options: FakeServerOptions = {}, requestBytes = PIECE): Play {
  const file = new LiveFile(CONTENT);
  const server = new ReadingServer(SIZE, options);
  const { uploader, clock } = setUp(server.fake, {
    file,
    fingerprintOf,
    requestBytes,
    transport: server.transport,
  });
  const end = clock.run(uploader.upload()).catch((error) => {
    if (error instanceof UploadError) return error.code;
    throw error;
  });
  return { file, server, end, uploader, clock };
}

function change(file: LiveFile, [start, end]: Change): void {
  file.content = file.content.slice();
  file.content.fill(252, start, end);
}

/** Changes the file before each of its reads in turn, one upload for each; gives how often it arrived whole or did not. */
async function playAll(
  fingerprintOf: FingerprintOf,
  { where, requestBytes, faults = [] }: {
    where: readonly Change[];
    requestBytes: number;
    faults?: FakeServerOptions["faults"];
  },
): Promise<Record<"arrived" | "changed", number>> {
  const ends = { arrived: 0, changed: 0 };
  let isOver = false;
  for (let at = 1; !isOver; at++) {
    const { file, server, end } = play(fingerprintOf, { faults: [...faults] }, requestBytes);
    const before = file.content;
    let reads = 0;
    file.onRead = () => ++reads === at && where.forEach((range) => change(file, range));
    const result = await end;
    if (result === true) {
      const isOne = [before, file.content].some((state) => sameBytes(server.file!, state));
      assert(isOne, `Changed at read ${at}, it is a mixture`);
    } else assertEquals([result, server.file], ["file-changed", undefined], `Changed at read ${at}`);
    ends[result === true ? "arrived" : "changed"]++;
    isOver = reads < at;
  }
  return ends;
}

for (const [way, fingerprintOf] of Object.entries(WAYS)) {
  for (const [what, where] of Object.entries(CHANGES)) {
    Deno.test(`A file that is ${what} before any one of its reads arrives as it was or as it is, or not: ${way}`, async () => {
      const ends = await playAll(fingerprintOf, { where: [where], requestBytes: PIECE });
      assert(ends.arrived >= 2, JSON.stringify(ends));
      // What changes in the last piece alone may arrive either way.
      if (where[1] < SIZE - PIECE || where[0] === 0) assert(ends.changed > 5, JSON.stringify(ends));
      await playAll(fingerprintOf, { where: [where], requestBytes: SIZE });
    });
  }

  Deno.test(`A file that is rewritten during a pause is found changed when it goes on: ${way}`, async () => {
    const { file, server, end, uploader } = play(fingerprintOf);
    let paused = false;
    uploader.on("progress", ({ state, confirmed }) => {
      if (!paused && confirmed >= 2 * PIECE) uploader.pause();
      if (state !== "paused" || paused) return;
      paused = true;
      change(file, [0, SIZE]);
      uploader.resume();
    });
    assertEquals([await end, paused, server.file], ["file-changed", true, undefined]);
    const sent = server.fake.seen.filter((seen) => seen.startsWith("POST")).length;
    assert(sent <= 3, `Nothing is sent of the new bytes: ${server.fake.seen}`);
  });

  Deno.test(`A file that is cut short is found changed: ${way}`, async () => {
    for (const size of [0, 100 * KIB, 450 * KIB, SIZE - 1]) {
      const { file, server, end, uploader } = play(fingerprintOf);
      uploader.on("progress", ({ confirmed }) => {
        if (confirmed === 2 * PIECE) file.content = file.content.slice(0, size);
      });
      assertEquals([await end, server.file], ["file-changed", undefined], `${size} bytes`);
    }
  });

  Deno.test(`A file that nobody touches arrives over a network that breaks and damages: ${way}`, async () => {
    const faults = [undefined, { breakAfter: 1000 }, undefined, undefined, { damage: true as const }, undefined];
    const { file, server, end } = play(fingerprintOf, {
      faults: [...faults, { loseAnswer: true }, undefined, undefined, { breakAfter: 70 * KIB }],
    });
    assertEquals(await end, true);
    assert(sameBytes(server.file!, file.content));
  });
}

Deno.test("A file whose change no sample sees arrives in one state, also when the piece before its last one is sent again", async () => {
  const changes = [[300 * KIB, 304 * KIB], [700 * KIB, 704 * KIB]] as const;
  for (const fault of [{ breakAfter: 0 }, { breakAfter: 50 * KIB }, { damage: true }, { loseAnswer: true }] as const) {
    // The fourth of five pieces meets it, behind a question.
    const faults = [undefined, undefined, undefined, undefined, fault];
    const ends = await playAll(digestAtOnce, { where: changes, requestBytes: PIECE, faults });
    assert(ends.arrived >= 2 && ends.changed > 5, JSON.stringify(ends));
  }
});

Deno.test("A file is read once more while the piece before its last one is under way", async () => {
  const compute = createFingerprintOf();
  const first = Promise.withResolvers<void>();
  const seen: (string | undefined)[] = [];
  const fingerprintOf: FingerprintOf = async (part) => {
    const fingerprint = await compute(part);
    seen.push(fingerprint?.text);
    if (seen.filter((text) => text === seen[0]).length === 2) first.resolve();
    return fingerprint;
  };
  const server = new ReadingServer(SIZE);
  // The check has a second. On a machine that does something else it may take longer.
  const clock = { ...systemClock, now: () => systemClock.now() / 1000 };
  const { uploader } = setUp(server.fake, {
    // Each piece is another one.
    file: new LiveFile(CONTENT.map((byte, at) => byte ^ Math.floor(at / PIECE))),
    fingerprintOf,
    requestBytes: PIECE,
    clock,
    tries: 1,
    async transport(request) {
      if (request.headers["X-Start-Byte"] === String(SIZE - 2 * PIECE)) await first.promise;
      return await server.transport(request);
    },
  });
  assertEquals(await uploader.upload(), true);
  assertEquals(seen.length, 9, "Five pieces were read, and four of them once more");
});

Deno.test("A file is read no more when its upload has failed while it was checked", async () => {
  const clock = new VirtualClock();
  const { signal } = new AbortController();
  const server = new ReadingServer(SIZE, {
    faults: Array.from({ length: 20 }, (_, at) => at === 19 ? BROKEN : undefined),
  });
  let reads = 0;
  let isChecking = false;
  const { uploader } = setUp(server.fake, {
    file: new LiveFile(CONTENT),
    clock,
    tries: 1,
    requestBytes: SIZE / 20,
    async fingerprintOf(part) {
      reads++;
      const fingerprint = await digestAtOnce(part);
      if (isChecking) await clock.wait(50, signal);
      return fingerprint;
    },
    async transport(request) {
      isChecking = request.headers["X-Start-Byte"] === String(SIZE - SIZE / 10);
      if (isChecking) await clock.wait(100, signal);
      return await server.transport(request);
    },
  });
  assertEquals((await assertRejects(() => clock.run(uploader.upload()), UploadError)).code, "no-progress");
  const before = reads;
  assert(before > 21, `It was being checked: ${before} reads`);
  await clock.run(clock.wait(60_000, signal));
  assertEquals(reads, before);
});

Deno.test("A change that is undone while the upload waits harms nothing", async () => {
  const { file, server, end, uploader } = play(createFingerprintOf(), {
    faults: [undefined, undefined, { breakAfter: 0 }],
  });
  const before = file.content;
  uploader.on("state", (state) => {
    if (state === "waiting") change(file, [0, SIZE]);
    if (state === "asking") file.content = before;
  });
  assertEquals(await end, true);
  assert(sameBytes(server.file!, before));
});

Deno.test("A file that was changed stays changed for the upload that was begun with it", async () => {
  const { file, server, end, uploader, clock } = play(createFingerprintOf());
  uploader.on("progress", ({ confirmed }) => confirmed >= PIECE && change(file, [150 * KIB, 154 * KIB]));
  assertEquals(await end, "file-changed");
  const error = await assertRejects(() => clock.run(uploader.upload()), UploadError, "Choose the file again");
  assertEquals([error.code, server.file], ["file-changed", undefined]);
});

/** WebCrypto takes a time of which the virtual clock knows nothing: the check would have no time left after a delay. */
async function digestAtOnce(piece: Blob): Promise<Fingerprint> {
  const hash = createHash("sha256").update(new Uint8Array(await piece.arrayBuffer())).digest("base64");
  const contentDigest = `sha-256=:${hash}:`;
  return { text: contentDigest, contentDigest };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
