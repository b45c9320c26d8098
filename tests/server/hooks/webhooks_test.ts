import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ATTEMPT_ENDS } from "../../../server/hooks/hook.ts";
import { samplesIn } from "../../support/metrics.ts";
import { startServer, type TestServer, type Wishes } from "../../support/pawl.ts";
import { type Received, type Receiver, SECRET, startReceiver } from "../../support/receiver.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { until } from "../../support/until.ts";

const wishesFor = (...receivers: Receiver[]): Wishes => ({
  webhooks: receivers.map(({ url }) => url),
  webhookSecret: SECRET,
  webhookAllowPrivate: true,
});

async function upload(pawl: TestServer, id: string, body: string, size = body.length): Promise<string> {
  const headers = { "X-File-Id": id, "X-File-Name": `${id}.txt`, "X-File-Size": String(size) };
  return await (await fetch(new URL("/upload", pawl.url), { method: "POST", headers, body })).text();
}

const typesOf = (received: readonly Received[]) => received.map(({ type }) => type);

Deno.test("a webhook hears that a file was begun and finished, in this order, signed, with what it needs", async () => {
  await using receiver = startReceiver();
  await using pawl = await startServer({ ...wishesFor(receiver), publicUrl: "https://up.example" });
  assertEquals(await upload(pawl, "note", "abc"), "Success 3");
  await until(() => receiver.received.length === 2, "both are heard of");
  assertEquals(typesOf(receiver.received), ["upload.created", "upload.completed"]);
  const { data } = receiver.received[1]!;
  const { id, createdAt, completedAt, ...facts } = data as Record<string, string>;
  assertEquals(facts, {
    clientId: "note",
    owner: "anonymous",
    length: 3,
    path: "note.txt",
    url: `https://up.example/files/${id}`,
  } as Record<string, unknown>);
  assertMatch(`${createdAt} ${completedAt}`, /^\d{4}-\d\d-\d\dT\S+Z \d{4}-\d\d-\d\dT\S+Z$/);
  assertEquals(new Set(receiver.received.map(({ id }) => id)).size, 2);
});

Deno.test("a file lies at its path when a webhook hears that it is finished", async () => {
  const lengths: number[] = [];
  let data = "";
  await using receiver = startReceiver(async ({ type, data: { path } }) => {
    if (type === "upload.completed") lengths.push((await Deno.stat(`${data}/files/${path}`)).size);
    return new Response();
  });
  await using pawl = await startServer(wishesFor(receiver));
  data = pawl.data;
  await Promise.all(Array.from({ length: 20 }, (_, index) => upload(pawl, `f${index}`, "x".repeat(index + 1))));
  await until(() => lengths.length === 20, "all are heard of");
  assertEquals(lengths.toSorted((one, other) => one - other), Array.from({ length: 20 }, (_, index) => index + 1));
});

Deno.test("a webhook hears that an upload was terminated or has expired, and --webhook-events chooses", async () => {
  await using all = startReceiver();
  let now = Date.now();
  await using pawl = await startServer({ ...wishesFor(all), now: () => now, expireAfterMs: 60_000 });
  await upload(pawl, "left", "ab", 10);
  await upload(pawl, "deleted", "ab", 10);
  const { data: { id } } = (await untilHeard(all, 2)).find(({ data }) => data["clientId"] === "deleted")!;
  await fetch(new URL(`/files/${id}`, pawl.url), { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });
  await untilHeard(all, 3);
  now += 2 * 60_000;
  await pawl.sweep();
  await untilHeard(all, 4);
  assertEquals(all.received.slice(2).map(({ type, data }) => [type, data["clientId"]]), [
    ["upload.terminated", "deleted"],
    ["upload.expired", "left"],
  ]);

  await using some = startReceiver();
  await using other = await startServer({ ...wishesFor(some), webhookEvents: ["upload.completed"] });
  await upload(other, "note", "abc");
  await untilHeard(some, 1);
  assertEquals(typesOf(some.received), ["upload.completed"]);
});

async function attemptsOf({ url }: TestServer): Promise<Record<string, number>> {
  const samples = samplesIn(await (await fetch(new URL("/metrics", url))).text());
  return Object.fromEntries(
    ATTEMPT_ENDS.map((end) => [end, samples.get(`pawl_webhook_deliveries_total{outcome="${end}"}`) ?? NaN]),
  );
}

async function untilHeard({ received }: Receiver, count: number): Promise<readonly Received[]> {
  await until(() => received.length >= count, `${count} events are heard of`);
  return received;
}

Deno.test("what a receiver does not take is sent again with the same id, and later events of the upload wait for it", async () => {
  let refused = 0;
  await using receiver = startReceiver(() => {
    if (refused < 1) {
      refused++;
      return new Response(null, { status: 503, headers: { "Retry-After": "0" } });
    }
    return new Response();
  });
  let now = Date.now();
  await using pawl = await startServer({ ...wishesFor(receiver), now: () => now });
  await upload(pawl, "note", "abc");
  await untilHeard(receiver, 1);
  await until(() => pawl.log.lines.some((line) => line.includes("Answered 503")), "the refusal is in the log");
  assertEquals(typesOf(receiver.received), ["upload.created"]);
  now += 60_000;
  await untilHeard(receiver, 3);
  assertEquals(typesOf(receiver.received), ["upload.created", "upload.created", "upload.completed"]);
  assertEquals(receiver.received[0]!.id, receiver.received[1]!.id);
});

Deno.test("a receiver that answers 410 gets nothing more, which the log says, and others go on", async () => {
  await using gone = startReceiver(() => new Response(null, { status: 410 }));
  await using there = startReceiver();
  await using pawl = await startServer(wishesFor(gone, there));
  await upload(pawl, "one", "abc");
  await untilHeard(there, 2);
  await until(() => pawl.log.lines.some((line) => line.includes("answered 410")), "the log says so");
  await upload(pawl, "two", "abc");
  await untilHeard(there, 4);
  assertEquals(gone.received.length, 1);
  // The metrics count all receivers together.
  await until(async () => (await attemptsOf(pawl))["delivered"] === 4, "the last delivery is counted");
  assertEquals(await attemptsOf(pawl), { "delivered": 4, "failed": 0, "given-up": 0, "disabled": 1 });
});

Deno.test("what was not delivered is delivered after the next start", async () => {
  await using dir = await tempDir();
  let isUp = false;
  await using receiver = startReceiver(() => new Response(null, { status: isUp ? 204 : 500 }));
  {
    await using pawl = await startServer({ ...wishesFor(receiver), data: dir.path });
    await upload(pawl, "note", "abc");
    await untilHeard(receiver, 1);
  }
  isUp = true;
  const later = Date.now() + 60_000;
  await using _pawl = await startServer({ ...wishesFor(receiver), data: dir.path, now: () => later });
  await untilHeard(receiver, 3);
  assertEquals(typesOf(receiver.received), ["upload.created", "upload.created", "upload.completed"]);
});

Deno.test("a receiver in a private network gets nothing, unless the option allows it", async () => {
  await using receiver = startReceiver();
  await using pawl = await startServer({ ...wishesFor(receiver), webhookAllowPrivate: false });
  await upload(pawl, "note", "abc");
  await until(() => pawl.log.lines.some((line) => line.includes("did not take")), "the log says why");
  assertStringIncludes(pawl.log.lines.join("\n"), "127.0.0.1 has an address in a private network");
  assertEquals(receiver.received, []);
});
