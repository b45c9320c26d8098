import { assertEquals } from "@std/assert";
import type { UploadQueue } from "../../../client/mod.ts";

/** Asserts that the total of a queue is the sum of its uploads. */
export function assertSums({ uploads, total }: UploadQueue): void {
  // What has failed is not among the bytes to come.
  const counted = uploads.filter(({ state }) => state !== "failed");
  const sum = (of: (one: typeof uploads[number]) => number) => counted.reduce((all, one) => all + of(one), 0);
  assertEquals(
    [total.files, total.confirmed, total.sent, total.total],
    [
      uploads.length,
      sum((one) => one.progress.confirmed),
      sum((one) => one.progress.sent),
      sum((one) => one.file.size),
    ],
  );
}
