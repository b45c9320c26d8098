import { assertEquals } from "@std/assert";
import type { QueuedUpload } from "../../../client/mod.ts";
import { NAMES, setUpForms } from "../support/form_set_up.ts";
import { until as untilTrue } from "../../support/until.ts";
import { fileOf, rest, setUpQueue } from "../support/queue_set_up.ts";

Deno.test("an upload in a form is paused, resumed, dismissed and cancelled by itself", async () => {
  const { forms, addAll, queue, until } = await setUpForms();
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
  const { forms, addAll, queue, locks, until } = await setUpForms();
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
  const { addAll, queue, until } = await setUpForms();
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
  const { forms, queue, told, until } = await setUpForms();
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
  const { forms, addAll, queue, until } = await setUpForms();
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

Deno.test("what a form has brought of a cancelled upload is deleted, also when the server cannot be reached at first", async () => {
  const { forms, addAll, queue, clock, until } = await setUpForms();
  const gate = Promise.withResolvers<void>();
  forms.gate = gate.promise;
  forms.deleteFaults.push("broken", 503, "broken");
  const uploads = addAll(NAMES);
  await untilTrue(() => queue.total.in.sending === 20 && forms.forms.length === 1, "the form is sent");
  uploads[3]!.cancel();
  gate.resolve();
  await until("done");
  await clock.run(untilTrue(() => forms.deleted.length === 1, "it is deleted"));
  assertEquals(forms.deleted, ["/files/placed-file3"]);
  assertEquals(forms.deleteFaults, []);
});

Deno.test("a server that refuses to delete what a form has brought is asked once", async () => {
  const { forms, addAll, queue, clock, until } = await setUpForms();
  const gate = Promise.withResolvers<void>();
  forms.gate = gate.promise;
  forms.deleteFaults.push(403);
  const uploads = addAll(NAMES);
  await untilTrue(() => queue.total.in.sending === 20 && forms.forms.length === 1, "the form is sent");
  uploads[3]!.cancel();
  gate.resolve();
  await until("done");
  await clock.run(rest(200));
  assertEquals([forms.deleted, forms.deleteFaults], [[], []]);
});

Deno.test("a cancel deletes nothing that was finished before its form brought it once more", async () => {
  const { forms, addAll, queue, store, until } = await setUpForms();
  addAll(NAMES);
  await until("done");
  const gate = Promise.withResolvers<void>();
  forms.gate = gate.promise;
  // Somebody chooses the same files on a later page, among others.
  const later = setUpQueue({ transport: forms.transport, limits: await forms.limits(), store });
  const uploads = [...NAMES, "new", "other"].map((name) => later.queue.add(fileOf(name)));
  await untilTrue(() => later.queue.total.in.sending === 22 && forms.forms.length === 2, "the form is sent");
  for (const index of [3, 20]) uploads[index]!.cancel();
  gate.resolve();
  await later.until("done");
  await untilTrue(() => forms.deleted.length > 0, "what is new is deleted");
  await rest();
  assertEquals(forms.deleted, ["/files/placed-new"]);
  assertEquals(queue.total.in.done, 20);
});
