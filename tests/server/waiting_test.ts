import { assertEquals } from "@std/assert";
import { createWaitingApp, createWaitingRoom } from "../../server/waiting.ts";
import { memoryLog } from "../support/log.ts";

Deno.test("a server that waits is alive and not ready, and lets every client try again", async () => {
  let awaited: "database" | "bucket" = "database";
  const app = createWaitingApp("/up", () => awaited);
  const ask = (path: string, init?: RequestInit) => app(new Request(`http://localhost${path}`, init));
  const alive = await ask("/up/healthz");
  assertEquals([alive.status, await alive.json()], [200, { alive: true }]);
  const code = async () => {
    const ready = await ask("/up/readyz");
    return [ready.status, (await ready.json()).reasons[0].code];
  };
  assertEquals(await code(), [503, "no-database"]);
  awaited = "bucket";
  assertEquals(await code(), [503, "no-bucket"]);
  const refused = await ask("/up/files/", { method: "POST", body: "abc" });
  assertEquals([refused.status, refused.headers.get("retry-after")], [503, "5"]);
  assertEquals(
    await refused.text(),
    "The server starts, and waits for the S3 server that keeps its files, which gives no answer: try again in a few seconds",
  );
  // The usual clients of tus begin anew after any other refusal of a HEAD.
  assertEquals((await ask("/up/files/x", { method: "HEAD" })).status, 423);
});

Deno.test("it listens from the moment it waits until it can answer by itself", async () => {
  const done: string[] = [];
  const listen = () => {
    done.push("listens");
    return Promise.resolve({ shutdown: () => Promise.resolve(void done.push("over")) });
  };
  const log = memoryLog();
  {
    await using _room = createWaitingRoom({ basePath: "", log, listen });
  }
  assertEquals(done, []);
  {
    await using room = createWaitingRoom({ basePath: "", log, listen });
    room.waits("database");
    room.waits("bucket");
  }
  assertEquals([done, log.lines], [["listens", "over"], []]);
  const refused = () => Promise.reject(new Error("the port is taken"));
  {
    await using room = createWaitingRoom({ basePath: "", log, listen: refused });
    room.waits("bucket");
  }
  assertEquals(log.lines, ["warning: Nobody can be told that the server waits: Error: the port is taken"]);
});
