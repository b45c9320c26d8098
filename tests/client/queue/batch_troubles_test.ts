import { assert, assertEquals } from "@std/assert";
import type { FormFault } from "../support/form_host.ts";
import { NAMES, setUpForms } from "../support/form_set_up.ts";
import { until as untilTrue } from "../../support/until.ts";
import { fileOf } from "../support/queue_set_up.ts";

Deno.test("a cut in the answer costs only the files of which no line has come", async () => {
  const { forms, addAll, until } = await setUpForms();
  forms.faults.push({ breakAfterLines: 12 });
  addAll(NAMES);
  await until("done");
  const again = forms.forms.slice(1).flat().map(({ name }) => name).concat([...forms.single.files.keys()]);
  assertEquals(again.toSorted(), NAMES.slice(12).toSorted());
});

Deno.test("files whose answer was lost are sent again under their ids, and nothing is there twice", async () => {
  const { forms, addAll, until } = await setUpForms();
  forms.faults.push({ loseAnswer: true });
  addAll(NAMES);
  await until("done");
  assertEquals(forms.placed.size, NAMES.length);
  assert(forms.single.requests >= 1, "After a trouble one file goes alone");
});

Deno.test("a file that is refused in a form has its own trouble, and the others are done", async () => {
  const { forms, addAll, queue, until, clock } = await setUpForms({ tries: 1 });
  forms.faults.push({ refused: ["file3"] });
  addAll(NAMES);
  await clock.run(queue.idle);
  await until("done");
  assertEquals([...forms.single.files.keys()], ["file3"]);
});

Deno.test("where a server takes no form, all files go alone, and no second form is tried", async () => {
  const { forms, addAll, until } = await setUpForms();
  forms.faults.push({ status: 404 });
  addAll(NAMES);
  await until("done");
  addAll(["later1", "later2"]);
  await until("done");
  assertEquals([forms.forms.length, forms.single.files.size], [1, 22]);
});

Deno.test("where forms never bring anything, three are tried", async () => {
  const { forms, addAll, until } = await setUpForms();
  for (let tries = 0; tries < 9; tries++) forms.faults.push({ breakAfterLines: 0 });
  addAll(NAMES);
  await until("done");
  assertEquals([forms.forms.length, forms.single.files.size], [3, 20]);
});

Deno.test("forms that break together break once: after the trouble files go together again", async () => {
  const { forms, queue, until } = await setUpForms();
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
    const { forms, addAll, until } = await setUpForms();
    forms.faults.push(fault);
    addAll(NAMES);
    await until("done");
    assert(forms.forms.length > 1 && forms.single.files.size < 10, `${forms.forms.length}, ${forms.single.files.size}`);
    assertEquals(forms.placed.size + forms.single.files.size, NAMES.length);
  }
});

Deno.test("where every form is answered with something else, three are tried", async () => {
  const { forms, addAll, until } = await setUpForms();
  forms.faults.push(...Array(9).fill({ text: "OK" }));
  addAll(NAMES);
  await until("done");
  assertEquals([forms.forms.length, forms.single.files.size], [3, 20]);
});

Deno.test("files for whose form there is no memory go alone", async () => {
  const noMemory = () => {
    throw new RangeError("Array buffer allocation failed");
  };
  const { forms, addAll, until } = await setUpForms({ random: noMemory });
  addAll(NAMES);
  await until("done");
  assertEquals([forms.forms.length, forms.single.files.size], [0, 20]);
});

Deno.test("a file whose headers are too long for a part goes alone, and the others go together", async () => {
  const { forms, queue, until } = await setUpForms();
  const path = Array.from({ length: 20 }, () => "文".repeat(80)).join("/");
  for (const name of NAMES) queue.add(fileOf(name), name === "file7" ? { path: `${path}/${name}` } : {});
  await until("done");
  assertEquals(forms.forms.map((parts) => parts.map(({ name }) => name)), [NAMES.filter((name) => name !== "file7")]);
  assertEquals(forms.single.files.size, 1);
});
