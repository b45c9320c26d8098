import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { ConfigError, createPawl, type EmbeddedPawl, type EventMessage, type PawlOptions } from "../../mod.ts";
import { memoryLog } from "../support/log.ts";
import { tempDir } from "../support/temp_dir.ts";
import { assertNothingHides, uploadsIn } from "../support/tunnels.ts";

/** The options of all servers here: no power is lost. */
const QUICK = { durability: "relaxed", "min-free": "none" };

async function openHere(data: string, more: Partial<PawlOptions> = {}) {
  const log = memoryLog();
  const pawl = await createPawl({ data, basePath: "/in", log, options: QUICK, ...more });
  return { ...pawl, log };
}

/** Sends a request as a program beside the server does: `user` is what `identify` looks at. */
async function ask({ fetch }: Pick<EmbeddedPawl, "fetch">, line: string, headers = {}, body?: BodyInit) {
  const [method = "", path = ""] = line.split(" ");
  const request = new Request(`http://localhost/in${path}`, {
    method,
    headers: { Host: "localhost", ...headers },
    ...body !== undefined && { body },
  });
  const response = await fetch(request);
  return { status: response.status, text: await response.text(), headers: response.headers };
}

const send = (pawl: Pick<EmbeddedPawl, "fetch">, id: string, headers = {}) =>
  ask(pawl, "POST /upload", { "X-File-Id": id, "X-File-Name": `${id}.txt`, "X-Start-Byte": "0", ...headers }, "abc");

const byUser: PawlOptions["identify"] = ({ headers }) => {
  const name = headers.get("x-user");
  if (name === null) return undefined;
  return { name, ...headers.has("x-rights") && { rights: [headers.get("x-rights") as "read"] } };
};

Deno.test("a program that embeds Pawl names the users, and each has uploads of its own", async () => {
  await using dir = await tempDir();
  await using pawl = await openHere(dir.path, { identify: byUser });
  assertEquals((await send(pawl, "a")).status, 401);
  assertEquals((await send(pawl, "a", { "X-User": "anna" })).text, "Success 3");
  const listed = async (user: object) => JSON.parse((await ask(pawl, "GET /api/uploads", user)).text).uploads.length;
  assertEquals([await listed({ "X-User": "anna" }), await listed({ "X-User": "bert" })], [1, 0]);
  assertEquals((await send(pawl, "b", { "X-User": "anna", "X-Rights": "read" })).status, 403);
  const who = JSON.parse((await ask(pawl, "GET /api/session", { "X-User": "anna" })).text);
  assertEquals([who.kind, who.name, who.rights], ["user", "anna", ["read", "upload"]]);
  const foreign = { "X-User": "anna", Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" };
  const form = new FormData();
  form.set("f", new File(["abc"], "x.txt"));
  assertEquals((await ask(pawl, "POST /upload", foreign, form)).status, 403);
});

Deno.test("nothing that follows a CONNECT is taken for a request of a program that embeds Pawl", async () => {
  await using dir = await tempDir();
  await using pawl = await createPawl({ data: dir.path, log: memoryLog(), options: { ...QUICK, open: true } });
  const isPawls = ({ method, url }: Request) => method === "CONNECT" || new URL(url).pathname === "/upload";
  await using host = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: () => new Response("The host's", { status: 500 }) },
    (request, info) => isPawls(request) ? pawl.fetch(request, info) : new Response("The host's"),
  );
  const { port } = host.addr;
  await assertNothingHides(() => Deno.connect({ hostname: "127.0.0.1", port }), () => uploadsIn(dir.path));
});

Deno.test("an identity that cannot be is an error of the program, which the log has", async () => {
  await using dir = await tempDir();
  await using pawl = await openHere(dir.path, { identify: byUser });
  for (const wrong of [{ "X-User": "a,b" }, { "X-User": "x".repeat(129) }, { "X-User": "a", "X-Rights": "root" }]) {
    assertEquals((await send(pawl, "a", wrong)).status, 500);
  }
  assertEquals(pawl.log.lines.filter((line) => line.includes("identify() must give")).length, 3);
});

Deno.test("whatever identify throws, the request is answered", async () => {
  await using dir = await tempDir();
  const thrown: unknown[] = [Object.assign(new Error(), { message: 5 }), Symbol("s"), undefined];
  await using pawl = await openHere(dir.path, { identify: () => Promise.reject(thrown.shift()) });
  while (thrown.length > 0) assertEquals((await send(pawl, "a")).status, 500);
});

Deno.test("a program that has read a body itself gets an answer, and no error that nobody catches", async () => {
  await using dir = await tempDir();
  const uncaught: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    uncaught.push(event.reason);
  };
  addEventListener("unhandledrejection", note);
  try {
    await using pawl = await openHere(dir.path, {
      identify(request) {
        request.body?.getReader();
        return { name: "anna" };
      },
    });
    const { status } = await send(pawl, "a");
    assertEquals(status, 500);
    assertEquals((await ask(pawl, "GET /healthz")).status, 200);
    // What nobody catches is told after the microtasks.
    await new Promise((resolve) => setTimeout(resolve));
  } finally {
    removeEventListener("unhandledrejection", note);
  }
  assertEquals(uncaught, []);
});

Deno.test("a function hears of each event, and of one that it did not take once more after the next start", async () => {
  await using dir = await tempDir();
  const heard: EventMessage[] = [];
  const options = { identify: byUser, publicUrl: "https://up.example/in" };
  const began = Promise.withResolvers<void>();
  {
    const hang = (_: EventMessage, stop: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        began.resolve();
        stop.addEventListener("abort", () => reject(new Error("stopped")));
      });
    await using pawl = await openHere(dir.path, { ...options, listeners: { archive: hang } });
    await send(pawl, "a", { "X-User": "anna" });
    await began.promise;
  }
  const all = Promise.withResolvers<void>();
  const archive = (event: EventMessage) => void (heard.push(event) === 2 && all.resolve());
  await using _pawl = await openHere(dir.path, { ...options, listeners: { archive } });
  await all.promise;
  assertEquals(heard.map(({ type }) => type), ["upload.created", "upload.completed"]);
  const { owner, path, url } = heard[1]!.data;
  assertEquals([owner, path], ["user:anna", "a.txt"]);
  assertMatch(url, /^https:\/\/up\.example\/in\/files\/[\w-]{22}$/);
});

Deno.test("a function that throws is tried again later, and the log says why", async () => {
  await using dir = await tempDir();
  const thrown = Promise.withResolvers<void>();
  const log = memoryLog();
  const warning = (message: string, properties?: Record<string, unknown>) => {
    log.warning(message, properties);
    thrown.resolve();
  };
  const archive = () => Promise.reject(new Error("the archive\nis full"));
  await using pawl = await openHere(dir.path, {
    identify: byUser,
    log: { ...log, warning },
    listeners: { archive },
  });
  await send(pawl, "a", { "X-User": "anna" });
  await thrown.promise;
  assertMatch(log.lines.join("\n"), /function-archive did not take upload\.created .*: the archive is full\. Next/);
});

Deno.test("closing flushes what came, refuses what comes, and lets the next program have the folder", async () => {
  await using dir = await tempDir();
  const first = await openHere(dir.path, { identify: byUser });
  const error = await assertRejects(() => openHere(dir.path), ConfigError);
  assertStringIncludes(error.message, "has opened");
  assertEquals(error.message.includes("\n"), false);
  const begun = { "X-User": "anna", "X-File-Size": "6" };
  assertEquals((await send(first, "a", begun)).text, "3");
  assertEquals(await Promise.all([first.close(), first.close()]), [true, true]);
  const { status, headers } = await send(first, "a", begun);
  assertEquals([status, headers.get("retry-after")], [503, "2"]);
  await using next = await openHere(dir.path, { identify: byUser });
  assertEquals((await ask(next, "GET /status", { ...begun, "X-File-Id": "a" })).text, "3");
});

Deno.test("closing tells that the disk refused the last flush, and lets the next program have the folder all the same", async () => {
  await using dir = await tempDir();
  const first = await openHere(dir.path, { identify: byUser });
  assertEquals((await send(first, "a", { "X-User": "anna", "X-File-Size": "6" })).text, "3");
  await Deno.remove(join(dir.path, "incoming"), { recursive: true });
  assertEquals(await first.close(), false);
  assertMatch(first.log.lines.join("\n"), /error: Cannot flush what unfinished uploads have/);
  await using next = await openHere(dir.path, { identify: byUser });
  assertEquals((await ask(next, "GET /healthz")).status, 200);
});

Deno.test("a folder whose database cannot be opened is free for the next try", async () => {
  await using dir = await tempDir();
  const data = join(dir.path, "data");
  await Deno.mkdir(join(data, "pawl.db"), { recursive: true });
  await assertRejects(() => openHere(data), Error);
  await Deno.remove(join(data, "pawl.db"));
  await using pawl = await openHere(data);
  assertEquals((await ask(pawl, "GET /healthz")).status, 200);
});

Deno.test("wrong options are refused with a line that says what to do", async () => {
  await using dir = await tempDir();
  const table: readonly [more: Partial<PawlOptions>, message: string][] = [
    [{ options: { port: 1 } }, '"port" cannot be in the options of createPawl()'],
    [{ options: { cert: "cert.pem", key: "key.pem" } }, '"cert" cannot be in the options of createPawl()'],
    [{ options: { "unix-socket": "a.sock" } }, '"unix-socket" cannot be in the options of createPawl()'],
    [{ options: { "http-redirect": 1 } }, '"http-redirect" cannot be in the options of createPawl()'],
    [{ options: { "max-siz": 1 } }, 'did you mean "max-size"?'],
    [{ options: { "max-size": "many" } }, "a size such as 500MB"],
    [{ basePath: "in" }, "give a path such as /files-in"],
    [{ basePath: "/in", publicUrl: "https://up.example/out" }, "does not lead to --base-path /in"],
    [{ listeners: { "a b": () => {} } }, "A listener cannot have the name"],
  ];
  for (const [more, message] of table) {
    const error = await assertRejects(() => openHere(dir.path, more), ConfigError);
    assertStringIncludes(error.message, message);
  }
});

Deno.test("nobody gets in by default, and everybody does with open", async () => {
  await using dir = await tempDir();
  {
    await using closed = await openHere(dir.path);
    assertEquals((await send(closed, "a")).status, 401);
  }
  await using open = await openHere(dir.path, { options: { ...QUICK, open: true } });
  assertEquals((await send(open, "a")).text, "Success 3");
});
