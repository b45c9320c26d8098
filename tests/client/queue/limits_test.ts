import { assertEquals } from "@std/assert";
import { type QueueLimits, refusalOf } from "../../../client/queue/limits.ts";
import { fileOf, setUpQueue } from "../support/queue_set_up.ts";

Deno.test("refusalOf() tells which files a queue takes", () => {
  const photo = { name: "Photo.JPG", type: "image/jpeg", size: 100 };
  const unknown = { name: "notes", type: "", size: 0 };
  const table: [typeof photo, QueueLimits, others: number, code: string | undefined][] = [
    [photo, {}, 1e6, undefined],
    [photo, { maxSize: 100 }, 0, undefined],
    [photo, { maxSize: 99 }, 0, "too-large"],
    [photo, { accept: ".png, .jpg" }, 0, undefined],
    [photo, { accept: "image/*" }, 0, undefined],
    [photo, { accept: "IMAGE/JPEG" }, 0, undefined],
    [photo, { accept: "*/*" }, 0, undefined],
    [photo, { accept: "image/png,.pdf" }, 0, "not-accepted"],
    [photo, { accept: "jpeg" }, 0, "not-accepted"],
    [unknown, { accept: "image/*,.txt," }, 0, "not-accepted"],
    [photo, { maxFiles: 2 }, 1, undefined],
    [photo, { maxFiles: 2 }, 2, "too-many"],
  ];
  for (const [file, limits, others, code] of table) {
    assertEquals(refusalOf(file, limits, others)?.code, code, `${file.name} ${JSON.stringify(limits)}`);
  }
});

Deno.test("a queue fails what is over its limits at once, and asks no server about it", async () => {
  const { queue, host, until } = setUpQueue({ maxSize: 20, accept: ".txt", maxFiles: 1 });
  const [large, other, taken, many] = ["large.txt", "other.pdf", "taken.txt", "many.txt"].map((name) =>
    queue.add(fileOf(name, name === "large.txt" ? 21 : 10))
  );
  assertEquals([large, other, many].map((upload) => upload!.progress.error?.code), [
    "too-large",
    "not-accepted",
    "too-many",
  ]);
  await until("done", "failed");
  assertEquals([taken!.state, [...host.files.keys()]], ["done", ["taken.txt"]]);
  // Trying again helps when room has been made, and not before.
  assertEquals([large!.canRetry, other!.canRetry, many!.canRetry], [false, false, true]);
  queue.retryFailed();
  assertEquals(many!.state, "failed");
  queue.dismissDone();
  large!.resume();
  assertEquals(large!.state, "failed");
  queue.retryFailed();
  await until("done", "failed");
  assertEquals(many!.state, "done");
});
