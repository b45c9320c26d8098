import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { BatchBytes } from "../../../client/queue/batch_bytes.ts";
import { FormHost } from "../support/form_host.ts";
import { NAMES, setUpForms } from "../support/form_set_up.ts";
import { until as untilTrue } from "../../support/until.ts";
import { fileOf, LARGE, rest, setUpQueue } from "../support/queue_set_up.ts";

Deno.test("UploadQueue sends small files in one request, and tells of each file where it stands", async () => {
  const { forms, addAll, told, until, queue } = await setUpForms();
  const uploads = addAll(NAMES);
  await until("done");
  assertEquals(forms.forms.map((parts) => parts.map(({ name }) => name)), [NAMES]);
  assertEquals(told.filter((text) => text.startsWith("file7 ")), ["file7 sending", "file7 done"]);
  assertEquals(uploads[7]!.location, "/files/placed-file7");
  assertEquals([queue.total.in.done, queue.total.confirmed, queue.total.sent], [20, 200, 200]);
  assertEquals(forms.single.requests, 0);
  await uploads[7]!.delete();
  assertEquals(forms.deleted, ["/files/placed-file7"]);
});

Deno.test("files of a form are read some at a time, and the page may draw before each time and before they are packed", async () => {
  const ways: (() => void)[] = [];
  const scheduler = {
    postTask: (_: unknown, { priority }: { priority?: string }) =>
      new Promise<void>((resolve) => priority === "background" && ways.push(resolve)),
  };
  Object.assign(globalThis, { scheduler });
  try {
    const { forms, addAll, until } = await setUpForms();
    addAll(Array.from({ length: 80 }, (_, i) => `file${i}`));
    for (const step of ["the first 32 files", "the next 32", "the last 16", "the form"]) {
      await untilTrue(() => ways.length === 1, `the page may draw before ${step}`);
      await rest();
      assertEquals(forms.forms.length, 0);
      ways.pop()!();
    }
    await until("done");
    assertEquals([forms.forms.length, ways.length], [1, 0]);
  } finally {
    Reflect.deleteProperty(globalThis, "scheduler");
  }
});

Deno.test("a file in a form has the id and the facts that it has alone, and its digest", async () => {
  const { forms, queue, until, store } = await setUpForms();
  queue.add(fileOf("a"));
  queue.add(new File(["Grüße"], "отчёт.txt", { type: "text/plain", lastModified: 7 }), {
    path: "día/отчёт.txt",
    metadata: { note: "für Anna" },
  });
  await until("done");
  const [parts = []] = forms.forms;
  const { headers, text } = parts[1]!;
  assertEquals(text, "Grüße");
  assertEquals(headers.get("repr-digest"), `sha-256=:${createHash("sha256").update("Grüße").digest("base64")}:`);
  const names = ["x-start-over", "x-file-size", "x-file-modified", "x-file-name", "x-file-path", "x-file-type"];
  assertEquals(names.map((name) => headers.get(name)), [
    "?0",
    "7",
    "7",
    encodeURIComponent("отчёт.txt"),
    "d%C3%ADa/%D0%BE%D1%82%D1%87%D1%91%D1%82.txt",
    "text/plain",
  ]);
  assertEquals(headers.get("x-file-metadata"), "note=f%C3%BCr%20Anna");
  const alone = setUpQueue({ store });
  alone.queue.add(fileOf("a"));
  await alone.until("done");
  const single = [...alone.host.files.values()][0]!.headers[0]!;
  assertEquals(parts[0]!.id, single["X-File-Id"]);
});

Deno.test("a form has no file above 256 KiB, no empty one, and no more than the server takes", async () => {
  const forms = new FormHost();
  const limits = await forms.limits({ maxFiles: 3, maxFileSize: 100_000 });
  const { queue, until } = setUpQueue({ transport: forms.transport, limits, requestBytes: 2 * LARGE });
  const sizes = { a: 10, empty: 0, b: 10, large: 100_001, c: 10, d: 10, e: 10 };
  for (const [name, size] of Object.entries(sizes)) queue.add(fileOf(name, size));
  await until("done");
  const sent = forms.forms.flat().map(({ name }) => name).concat([...forms.single.files.keys()]);
  assertEquals(sent.toSorted(), ["a", "b", "c", "d", "e", "empty", "large"]);
  assert(["empty", "large"].every((name) => forms.single.files.has(name)));
  assert(forms.forms.every((parts) => parts.length <= 3));
});

Deno.test("files that no form takes do not part those between them", async () => {
  const { forms, queue, until } = await setUpForms();
  for (const name of NAMES) {
    queue.add(fileOf(`empty${name}`, 0));
    queue.add(fileOf(name));
  }
  await until("done");
  assertEquals(forms.forms.map((parts) => parts.map(({ name }) => name)), [NAMES]);
  assertEquals(queue.total.in.done, 40);
});

Deno.test("forms grow while their answers come early, up to 500 files", async () => {
  const { forms, queue, until } = await setUpForms();
  const answers = Promise.withResolvers<void>();
  forms.gate = answers.promise;
  for (let i = 0; i < 150; i++) queue.add(fileOf(`file${i}`, 20_000));
  await untilTrue(() => forms.forms.length === 4, "four are sent before the first answer has come");
  answers.resolve();
  await until("done");
  const counts = forms.forms.map((parts) => parts.length);
  assertEquals(counts.slice(0, 4), [6, 6, 6, 6]);
  assertEquals(Math.max(...counts), 25, "The next forms have four times as many bytes");
  for (let i = 0; i < 600; i++) queue.add(fileOf(`small${i}`));
  await until("done");
  assertEquals(Math.max(...forms.forms.map((parts) => parts.length)), 500);
});

Deno.test("BatchBytes grow fourfold up to 4 MiB while answers come early, and halve when one is late or broken", () => {
  const bytes = new BatchBytes();
  const KIB = 1024;
  const used = [500, 500, 500, 500, 3000, 6000].map((ms) => {
    const wanted = bytes.bytes;
    bytes.answered({ wanted, isFull: true, ms });
    return wanted / KIB;
  });
  assertEquals(used, [128, 512, 2048, 4096, 4096, 4096]);
  assertEquals(bytes.bytes, 2048 * KIB);
  bytes.answered({ wanted: 4096 * KIB, isFull: true, ms: 10_000 });
  bytes.answered({ wanted: 2048 * KIB, isFull: false, ms: 10 });
  assertEquals(bytes.bytes, 2048 * KIB);
  for (let i = 0; i < 20; i++) bytes.broken();
  assertEquals(bytes.bytes, 64 * KIB);
});
