import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import type { QueuedUpload, QueueOptions } from "../../../client/mod.ts";
import { BatchBytes } from "../../../client/queue/batch_bytes.ts";
import { type FormFault, FormHost } from "../support/form_host.ts";
import { until as untilTrue } from "../../support/until.ts";
import { fileOf, LARGE, type QueueSetup, rest, setUpQueue } from "../support/queue_set_up.ts";

interface Setup extends QueueSetup {
  forms: FormHost;
  /** Adds files of ten bytes. */
  addAll: (names: readonly string[]) => QueuedUpload[];
}

async function setUp(options: QueueOptions = {}): Promise<Setup> {
  const forms = new FormHost();
  const setup = setUpQueue({ transport: forms.transport, limits: await forms.limits(), ...options });
  const addAll = (names: readonly string[]) => names.map((name) => setup.queue.add(fileOf(name)));
  return { ...setup, forms, addAll };
}

const NAMES = Array.from({ length: 20 }, (_, i) => `file${i}`);

Deno.test("UploadQueue sends small files in one request, and tells of each file where it stands", async () => {
  const { forms, addAll, told, until, queue } = await setUp();
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
  const scheduler = { postTask: () => new Promise<void>((resolve) => ways.push(resolve)) };
  Object.assign(globalThis, { scheduler });
  try {
    const { forms, addAll, until } = await setUp();
    addAll(Array.from({ length: 200 }, (_, i) => `file${i}`));
    for (const step of ["the first 128 files", "the others", "the form"]) {
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
  const { forms, queue, until, store } = await setUp();
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
  const { forms, queue, until } = await setUp();
  for (const name of NAMES) {
    queue.add(fileOf(`empty${name}`, 0));
    queue.add(fileOf(name));
  }
  await until("done");
  assertEquals(forms.forms.map((parts) => parts.map(({ name }) => name)), [NAMES]);
  assertEquals(queue.total.in.done, 40);
});

Deno.test("forms grow while their answers come early, up to 500 files", async () => {
  const { forms, queue, until } = await setUp();
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

Deno.test("a cut in the answer costs only the files of which no line has come", async () => {
  const { forms, addAll, until } = await setUp();
  forms.faults.push({ breakAfterLines: 12 });
  addAll(NAMES);
  await until("done");
  const again = forms.forms.slice(1).flat().map(({ name }) => name).concat([...forms.single.files.keys()]);
  assertEquals(again.toSorted(), NAMES.slice(12).toSorted());
});

Deno.test("files whose answer was lost are sent again under their ids, and nothing is there twice", async () => {
  const { forms, addAll, until } = await setUp();
  forms.faults.push({ loseAnswer: true });
  addAll(NAMES);
  await until("done");
  assertEquals(forms.placed.size, NAMES.length);
  assert(forms.single.requests >= 1, "After a trouble one file goes alone");
});

Deno.test("a file that is refused in a form has its own trouble, and the others are done", async () => {
  const { forms, addAll, queue, until, clock } = await setUp({ tries: 1 });
  forms.faults.push({ refused: ["file3"] });
  addAll(NAMES);
  await clock.run(queue.idle);
  await until("done");
  assertEquals([...forms.single.files.keys()], ["file3"]);
});

Deno.test("where a server takes no form, all files go alone, and no second form is tried", async () => {
  const { forms, addAll, until } = await setUp();
  forms.faults.push({ status: 404 });
  addAll(NAMES);
  await until("done");
  addAll(["later1", "later2"]);
  await until("done");
  assertEquals([forms.forms.length, forms.single.files.size], [1, 22]);
});

Deno.test("where forms never bring anything, three are tried", async () => {
  const { forms, addAll, until } = await setUp();
  for (let tries = 0; tries < 9; tries++) forms.faults.push({ breakAfterLines: 0 });
  addAll(NAMES);
  await until("done");
  assertEquals([forms.forms.length, forms.single.files.size], [3, 20]);
});

Deno.test("forms that break together break once: after the trouble files go together again", async () => {
  const { forms, queue, until } = await setUp();
  const answers = Promise.withResolvers<void>();
  forms.gate = answers.promise;
  forms.faults.push(...Array(4).fill({ breakAfterLines: 0 }));
  for (let i = 0; i < 150; i++) queue.add(fileOf(`file${i}`, 20_000));
  await untilTrue(() => forms.forms.length === 4, "four are under way when the network breaks");
  answers.resolve();
  await until("done");
  assert(forms.forms.length > 4 && forms.single.files.size < 20, `${forms.forms.length}, ${forms.single.files.size}`);
});

Deno.test("files of which a server that stops has told nothing go together again, and so they do behind a login page", async () => {
  const faults: FormFault[] = [{ stopAfterLines: 5 }, { text: "<html>Sign in to this network</html>\n" }];
  for (const fault of faults) {
    const { forms, addAll, until } = await setUp();
    forms.faults.push(fault);
    addAll(NAMES);
    await until("done");
    assert(forms.forms.length > 1 && forms.single.files.size < 10, `${forms.forms.length}, ${forms.single.files.size}`);
    assertEquals(forms.placed.size + forms.single.files.size, NAMES.length);
  }
});

Deno.test("where every form is answered with something else, three are tried", async () => {
  const { forms, addAll, until } = await setUp();
  forms.faults.push(...Array(9).fill({ text: "OK" }));
  addAll(NAMES);
  await until("done");
  assertEquals([forms.forms.length, forms.single.files.size], [3, 20]);
});

Deno.test("an upload in a form is paused, resumed, dismissed and cancelled by itself", async () => {
  const { forms, addAll, queue, until } = await setUp();
  const gate = Promise.withResolvers<void>();
  forms.gate = gate.promise;
  const [paused, resumed, dismissed, cancelled] = addAll(NAMES) as [
    QueuedUpload,
    QueuedUpload,
    QueuedUpload,
    QueuedUpload,
  ];
  // Digests are computed on threads, which take a time of their own.
  await untilTrue(() => queue.total.in.sending === 20 && forms.forms.length === 1, "the form is sent");
  paused.pause();
  resumed.pause();
  resumed.resume();
  dismissed.dismiss();
  cancelled.cancel();
  assertEquals([paused.state, resumed.state, queue.total.files], ["paused", "queued", 18]);
  gate.resolve();
  await until("done");
  await rest();
  assertEquals(forms.deleted, ["/files/placed-file3"]);
  assertEquals([forms.forms.length, forms.single.requests], [1, 0]);
});

Deno.test("a file that is paused or cancelled while its form waits for a connection is not sent", async () => {
  const { forms, addAll, queue, locks, until } = await setUp();
  const free = await Promise.all([0, 1, 2, 3].map((seat) => locks.hold(`pawl seat ${seat} `)));
  const uploads = addAll(NAMES);
  await untilTrue(() => locks.waiting === 4, "the form waits");
  uploads[0]!.pause();
  uploads[5]!.cancel();
  uploads[19]!.dismiss();
  uploads[7]!.pause();
  uploads[7]!.resume();
  for (const release of free) release();
  await until("done", "paused");
  assertEquals(uploads[0]!.state, "paused");
  uploads[0]!.resume();
  await until("done");
  await rest();
  const [first = [], ...others] = forms.forms.map((parts) => parts.map(({ name }) => name));
  const left = ["file0", "file5", "file7", "file19"];
  assertEquals(first, NAMES.filter((name) => !left.includes(name)));
  assertEquals(others, []);
  assertEquals([...forms.single.files.keys()].toSorted(), ["file0", "file7"]);
  assertEquals([queue.total.in.done, forms.deleted], [18, []]);
});

Deno.test("a file whose disk never answers holds the others of its form up no longer than until they are paused", async () => {
  const { addAll, queue, until } = await setUp();
  const hanging = new File([], "hanging", { lastModified: 5 });
  // It has another size than its bytes, so that it is read by itself.
  Object.defineProperty(hanging, "size", { value: 10 });
  hanging.arrayBuffer = () => new Promise(() => {});
  addAll(NAMES);
  const upload = queue.add(hanging);
  await rest();
  assertEquals(queue.total.in.queued, 21);
  queue.pauseAll();
  upload.dismiss();
  queue.resumeAll();
  await until("done");
  assertEquals(queue.total.in.done, 20);
});

Deno.test("a file that was begun alone goes on alone behind a pause, and is deleted where it is then", async () => {
  const { forms, queue, told, until } = await setUp();
  const letGo = forms.single.hold();
  const first = queue.add(fileOf("first"));
  await forms.single.untilAtOnce(1);
  first.pause();
  for (const name of NAMES) queue.add(fileOf(name), { isPaused: true });
  // The question of the pause, how much has arrived, is under way for long.
  await forms.single.untilAtOnce(1);
  queue.resumeAll();
  await untilTrue(() => queue.total.in.done === 20, "the others are done");
  letGo();
  await until("done");
  await rest();
  assertEquals([queue.total.in.done, queue.total.confirmed], [21, 210]);
  const states = told.filter((text) => text.startsWith("first "));
  assertEquals(states.slice(states.indexOf("first paused") + 1).includes("first paused"), false, `${states}`);
  await first.delete();
  assertEquals(forms.single.files.get("first")?.seen.at(-1), `DELETE ${first.location}`);
});

Deno.test("a form that nobody waits for any more is ended, and its files go later", async () => {
  const { forms, addAll, queue, until } = await setUp();
  forms.gate = new Promise(() => {});
  addAll(NAMES);
  await untilTrue(() => forms.forms.length === 1, "the form is sent");
  queue.pauseAll();
  await rest();
  assertEquals([queue.total.in.paused, forms.placed.size], [20, 0]);
  forms.gate = Promise.resolve();
  queue.resumeAll();
  await until("done");
  assertEquals([forms.forms.length, forms.placed.size], [2, 20]);
});
