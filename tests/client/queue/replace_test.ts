import { assertEquals, assertThrows } from "@std/assert";
import { fileOf, setUpQueue } from "../support/queue_set_up.ts";

Deno.test("UploadQueue sends nothing of a file that waits to be resumed, and all others", async () => {
  const { queue, host, clock, until } = setUpQueue();
  const held = queue.add(fileOf("held"), { isPaused: true });
  queue.add(fileOf("other"));
  await clock.run(queue.idle);
  assertEquals([held.state, host.order], ["paused", ["other"]]);
  held.resume();
  await until("done");
  assertEquals(host.order, ["other", "held"]);
});

Deno.test("UploadQueue puts a replaced upload where it was, under its new path and with its new metadata", async () => {
  const { queue, host, until } = setUpQueue();
  const [, held] = ["a", "b", "c"].map((name) => queue.add(fileOf(name), { isPaused: true }));
  assertThrows(() => queue.replace(held!, { path: "b", metadata: { note: "a\nb" } }), RangeError);
  const after = queue.replace(held!, { path: "inbox/report.pdf", metadata: { note: "for Anna" } });
  assertEquals([held!.state, after.state], ["cancelled", "paused"]);
  assertEquals(new Set([...queue.uploads, held!].map(({ key }) => key)).size, 4);
  assertEquals(queue.uploads.map(({ path }) => path), ["a", "inbox/report.pdf", "c"]);
  assertEquals([after.file.name, after.metadata], ["b", { note: "for Anna" }]);
  queue.resumeAll();
  await until("done");
  const sent = [...host.files.values()].flatMap(({ headers }) => headers);
  const {
    "X-File-Name": name,
    "X-File-Path": path,
    "X-File-Metadata": metadata,
  } = sent.find((headers) => headers["X-File-Path"] !== undefined) ?? {};
  assertEquals({ name, path, metadata }, {
    name: "report.pdf",
    path: "inbox/report.pdf",
    metadata: "note=for%20Anna",
  });
});
