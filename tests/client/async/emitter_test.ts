import { assertEquals } from "@std/assert";
import { Emitter } from "../../../client/async/emitter.ts";
import { reportedBy } from "../../support/reported.ts";

interface Events {
  count: [number];
  end: [];
}

Deno.test("Emitter calls the listeners of an event, in their order, until they leave", () => {
  const emitter = new Emitter<Events>();
  const heard: string[] = [];
  const leave = emitter.on("count", (count) => heard.push(`first ${count}`));
  emitter.on("count", (count) => heard.push(`second ${count}`));
  emitter.on("end", () => heard.push("end"));
  emitter.emit("count", 1);
  leave();
  leave();
  emitter.emit("count", 2);
  emitter.emit("end");
  assertEquals(heard, ["first 1", "second 1", "second 2", "end"]);
});

Deno.test("Emitter reports a listener that throws, and calls the others", async () => {
  const emitter = new Emitter<Events>();
  const heard: number[] = [];
  const wrong = new Error("Wrong");
  emitter.on("count", () => {
    throw wrong;
  });
  emitter.on("count", (count) => heard.push(count));
  assertEquals(await reportedBy(() => emitter.emit("count", 1)), [wrong]);
  assertEquals(heard, [1]);
});

Deno.test("Emitter calls nobody who left while others were called", () => {
  const emitter = new Emitter<Events>();
  const heard: string[] = [];
  emitter.on("end", () => {
    heard.push("first");
    leave();
  });
  const leave = emitter.on("end", () => heard.push("second"));
  emitter.emit("end");
  assertEquals(heard, ["first"]);
});
