import { assertEquals } from "@std/assert";
import { INTERRUPTIONS } from "../../../server/operations/instruments.ts";
import { STATUS } from "../../../server/errors.ts";
import { someBytes } from "../../support/bytes.ts";
import { changes, type Samples, samplesOf } from "../../support/metrics.ts";
import { openTestApp, type TestApp, type Wishes } from "../../support/pawl.ts";
import { until } from "../../support/until.ts";

type Headers = Record<string, string>;

/** A body that breaks off after these bytes, as that of a client who goes away. */
function broken(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    pull(controller) {
      if (bytes.length === 0) return controller.error(new Error("gone"));
      controller.enqueue(bytes);
      bytes = bytes.subarray(bytes.length);
    },
  });
}

/** Gives the changes of the metrics by `work`, whose requests go to a server of the test's own. */
async function changedBy(work: (pawl: TestApp, send: Send) => Promise<unknown>, wishes: Wishes = {}) {
  await using pawl = await openTestApp(wishes);
  const send: Send = async (line, headers = {}, body) => {
    const [method = "", path] = line.split(" ");
    const response = await pawl.app(new Request(`http://localhost${path}`, { method, headers, body: body ?? null }));
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const before = await samplesOf(pawl.app);
  await work(pawl, send);
  return changes(before, await samplesOf(pawl.app));
}

type Send = (
  line: string,
  headers?: Headers,
  body?: BodyInit,
) => Promise<{ status: number; text: string; headers: globalThis.Headers }>;

/** A flush is counted on a server that flushes. */
const flushes = (count: number): Record<string, number> =>
  Deno.env.get("PAWL_DURABILITY") === "relaxed" ? {} : { "pawl_flush_duration_seconds_count": count };

const file = someBytes(200_000);

Deno.test("a whole file counts as begun and completed, with its bytes, small or not", async () => {
  for (const size of [5, file.length]) {
    const headers = { "X-File-Id": "a", "X-File-Size": `${size}`, "Content-Length": `${size}` };
    assertEquals(await changedBy((_, send) => send("POST /upload", headers, file.slice(0, size))), {
      "pawl_uploads_created_total": 1,
      "pawl_uploads_completed_total": 1,
      "pawl_received_bytes_total": size,
      ...flushes(1),
    });
  }
});

Deno.test("a broken body counts as interrupted, its upload as unfinished, and the request that goes on as resumed", async () => {
  const headers = { "X-File-Id": "a", "X-File-Size": `${file.length}` };
  const first = (send: Send) => send("POST /upload", headers, broken(file.slice(0, 150_000)));
  assertEquals(await changedBy((_, send) => first(send)), {
    "pawl_uploads_created_total": 1,
    'pawl_uploads_interrupted_total{reason="disconnected"}': 1,
    'pawl_refusals_total{code="disconnected"}': 1,
    "pawl_received_bytes_total": 150_000,
    "pawl_uploads_unfinished": 1,
    "pawl_unfinished_bytes": 150_000,
    ...flushes(1),
  });
  const both = await changedBy(async (_, send) => {
    await first(send);
    await send("POST /upload", { ...headers, "X-Start-Byte": "150000" }, file.slice(150_000));
  });
  assertEquals([both["pawl_uploads_resumed_total"], both["pawl_uploads_completed_total"]], [1, 1]);
  assertEquals([both["pawl_received_bytes_total"], both["pawl_unfinished_bytes"]], [file.length, undefined]);
});

Deno.test("the pieces of a file are no resumptions", async () => {
  const tus = { "Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream" };
  const changed = await changedBy(async (_, send) => {
    const { headers } = await send("POST /files/", { ...tus, "Upload-Length": "9" });
    const path = headers.get("location");
    for (const at of [0, 3, 6]) {
      await send(`PATCH ${path}`, { ...tus, "Upload-Offset": `${at}` }, file.slice(at, at + 3));
    }
  });
  assertEquals(changed, {
    "pawl_uploads_created_total": 1,
    "pawl_uploads_completed_total": 1,
    "pawl_received_bytes_total": 9,
    ...flushes(3),
  });
});

Deno.test("an upload that begins before a restart is unfinished after it, and resumed", async () => {
  const headers = { "X-File-Id": "a", "X-File-Size": `${file.length}` };
  await using first = await openTestApp();
  const request = new Request("http://localhost/upload", {
    method: "POST",
    headers,
    body: broken(file.slice(0, 150_000)),
  });
  await (await first.app(request)).body?.cancel();
  await first.interrupt();
  const changed = await changedBy(async (pawl, send) => {
    await pawl.repair(new AbortController().signal);
    const { get } = await samplesOf(pawl.app).then((samples) => ({ get: (name: string) => samples.get(name) }));
    assertEquals([get("pawl_uploads_unfinished"), get("pawl_unfinished_bytes")], [1, 150_000]);
    await send("POST /upload", { ...headers, "X-Start-Byte": "150000" }, file.slice(150_000));
  }, { data: first.data });
  assertEquals([changed["pawl_uploads_resumed_total"], changed["pawl_uploads_completed_total"]], [1, 1]);
});

Deno.test("a body that is coming is active, and a request that takes its upload over counts, with its wait", async () => {
  const headers = { "X-File-Id": "a", "X-File-Size": `${file.length}` };
  let samples: Samples | undefined;
  const changed = await changedBy(async (pawl, send) => {
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (own) => void (controller = own) });
    const hanging = send("POST /upload", headers, body);
    controller.enqueue(file.slice(0, 100_000));
    await until(
      async () => (samples = await samplesOf(pawl.app)).get("pawl_received_bytes_total") === 100_000,
      "the bytes are written",
    );
    await send("POST /upload", { ...headers, "X-Start-Byte": "100000" }, file.slice(100_000));
    assertEquals((await hanging).status, 409);
    // The server drains what the client still sends.
    controller.close();
  });
  assertEquals([samples?.get("pawl_uploads_active"), changed["pawl_uploads_active"]], [1, undefined]);
  assertEquals(changed["pawl_take_over_wait_seconds_count"], 1);
  assertEquals(changed['pawl_uploads_interrupted_total{reason="taken-over"}'], 1);
});

Deno.test("checkpoints in the middle of a body are counted", async () => {
  const headers = { "X-File-Id": "a", "X-File-Size": `${file.length}` };
  const changed = await changedBy(
    (_, send) => send("POST /upload", headers, new Blob([file]).stream()),
    { limits: { checkpointBytes: 1 } },
  );
  assertEquals((changed["pawl_checkpoint_duration_seconds_count"] ?? 0) > 0, true);
});

Deno.test("an upload that expires, and one that a client deletes, are counted, and are unfinished no longer", async () => {
  let now = 1;
  const changed = await changedBy(async (pawl, send) => {
    for (const id of ["a", "b"]) {
      await send("POST /upload", { "X-File-Id": id, "X-File-Size": "9" }, broken(file.slice(0, 3)));
    }
    await send("DELETE /upload", { "X-File-Id": "a" });
    now += 100;
    await pawl.sweep();
  }, { now: () => now, expireAfterMs: 50 });
  assertEquals([changed["pawl_uploads_terminated_total"], changed["pawl_uploads_expired_total"]], [1, 1]);
  assertEquals([changed["pawl_uploads_unfinished"], changed["pawl_unfinished_bytes"]], [undefined, undefined]);
});

Deno.test("an upload that has lost acknowledged bytes on disk is counted", async () => {
  const headers = { "X-File-Id": "a", "X-File-Size": "9" };
  const changed = await changedBy(async (pawl, send) => {
    await send("POST /upload", headers, broken(file.slice(0, 3)));
    for (const name of await pawl.incomingNames()) await Deno.truncate(`${pawl.data}/incoming/${name}`);
    await send("POST /upload", { ...headers, "X-Start-Byte": "3" }, file.slice(3, 9));
  });
  assertEquals(changed["pawl_uploads_lost_total"], 1);
});

Deno.test("downloads count the bytes that they send: a file, a range, a large file, and a folder", async () => {
  const large = someBytes(17 * 2 ** 20);
  const send = async (send: Send, path: string, bytes: Uint8Array<ArrayBuffer>) => {
    const headers = { "X-File-Id": path, "X-File-Path": path, "X-File-Size": `${bytes.length}` };
    return (await send("POST /upload", headers, bytes)).headers.get("location")!;
  };
  const changed = await changedBy(async (pawl, ask) => {
    await send(ask, "f/small", file.slice(0, 10));
    const file1 = await send(ask, "f/file", file);
    await ask(`GET ${file1}`);
    await ask(`GET ${file1}`, { "Range": "bytes=0-99" });
    await ask(`HEAD ${file1}`);
    await ask("GET /files/?folder=f");
    const path = await send(ask, "large", large);
    // A piece of a large file is valid only until the next one is read.
    await (await pawl.app(new Request(`http://localhost${path}`))).body?.pipeTo(new WritableStream());
  });
  assertEquals(changed["pawl_sent_bytes_total"], file.length + 100 + (file.length + 10) + large.length);
});

Deno.test("digests that do not match, a full disk and wrong tokens are counted, of the files of a form too", async () => {
  const wrong = { "X-File-Id": "a", "Content-Digest": `sha-256=:${btoa("x".repeat(32))}:` };
  const digests = await changedBy(async (_, send) => {
    await send("POST /upload", wrong, "abc");
    const part = Object.entries(wrong).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    await send(
      "POST /upload",
      { "Content-Type": "multipart/form-data; boundary=x", "Accept": "application/jsonl" },
      `--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n${part}\r\nabc\r\n--x--\r\n`,
    );
  });
  assertEquals(digests['pawl_refusals_total{code="digest-mismatch"}'], 2);
  const full = await changedBy((_, send) => send("POST /upload", { "X-File-Id": "a" }, file), {
    minFreeBytes: 2 ** 60,
  });
  assertEquals([full['pawl_refusals_total{code="disk-full"}'], full["pawl_ready"]], [1, undefined]);
  const tokens = await changedBy((_, send) => send("POST /api/session", { "Authorization": "Bearer x" }));
  assertEquals([tokens["pawl_sign_in_failures_total"], tokens['pawl_refusals_total{code="unauthorized"}']], [1, 1]);
});

Deno.test("a server whose disk is full is not ready, and says how much is free", async () => {
  await using pawl = await openTestApp({ minFreeBytes: 2 ** 60 });
  const samples = await samplesOf(pawl.app);
  assertEquals([samples.get("pawl_ready"), samples.get("pawl_disk_floor_bytes")], [0, 2 ** 60]);
  assertEquals((samples.get("pawl_disk_free_bytes") ?? 0) > 0, true);
});

Deno.test("requests are counted by route, method and status, and no label has a value that a client made", async () => {
  await using pawl = await openTestApp();
  const before = await samplesOf(pawl.app);
  const ask = (line: string, host = "localhost") => {
    const [method = "", path] = line.split(" ");
    return pawl.app(new Request(`http://${host}${path}`, { method })).then(({ body }) => body?.cancel());
  };
  for (let at = 0; at < 8; at++) {
    await ask(`GET /files/nothing-${at}`);
    await ask(`GET /no/page/${at}`);
    await ask(`GET /u/secret-${at}`);
    await ask(`ODD${at} /upload`);
    await ask("GET /", `evil-${at}.example`);
  }
  const after = await samplesOf(pawl.app);
  const counted = [...after].filter(([name, value]) =>
    name.startsWith("pawl_http_requests_total") && value !== before.get(name) && !name.includes("/metrics")
  );
  assertEquals(Object.fromEntries(counted), {
    'pawl_http_requests_total{route="/files/<other>",method="GET",status="404"}': 8,
    'pawl_http_requests_total{route="page",method="GET",status="404"}': 8,
    'pawl_http_requests_total{route="/u/<secret>",method="GET",status="404"}': 8,
    'pawl_http_requests_total{route="/upload",method="other",status="405"}': 8,
    'pawl_http_requests_total{route="none",method="GET",status="421"}': 8,
  });
  assertEquals([...after.keys()].filter((name) => /evil|ODD|secret-|nothing-/.test(name)), []);
});

Deno.test("codes and reasons are there from the start, at zero, so that their first increase is seen", async () => {
  await using pawl = await openTestApp();
  const samples = await samplesOf(pawl.app);
  for (const code of Object.keys(STATUS)) assertEquals(samples.get(`pawl_refusals_total{code="${code}"}`), 0, code);
  for (const reason of INTERRUPTIONS) {
    assertEquals(samples.get(`pawl_uploads_interrupted_total{reason="${reason}"}`), 0, reason);
  }
});
