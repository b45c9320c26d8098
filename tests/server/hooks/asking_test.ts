import { assertEquals, assertStringIncludes } from "@std/assert";
import { startServer, type TestServer, type Wishes } from "../../support/pawl.ts";
import { type Received, type Receiver, SECRET, startReceiver } from "../../support/receiver.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { until } from "../../support/until.ts";

/** Larger than what is kept in memory until it is whole. */
const LARGE = "x".repeat(100_000);

const wishesFor = ({ url }: Receiver, when: "preCreateUrl" | "preFinishUrl"): Wishes => ({
  [when]: url,
  webhookSecret: SECRET,
  webhookAllowPrivate: true,
});

interface Told {
  readonly status: number;
  readonly code: string | null;
  readonly text: string;
}

async function send(pawl: TestServer, name: string, body: string, headers: Record<string, string> = {}): Promise<Told> {
  const response = await fetch(new URL("/upload", pawl.url), {
    method: "POST",
    headers: { "X-File-Id": name, "X-File-Name": name, "X-File-Size": String(body.length), ...headers },
    body,
  });
  return { status: response.status, code: response.headers.get("x-error"), text: await response.text() };
}

/** Refuses what is named like a virus, and gives everything else a folder. */
function judge({ data }: Received): Response {
  if (String(data["name"]).startsWith("virus")) return new Response("A virus was found in it\nsecret", { status: 422 });
  return Response.json({ folder: `checked/${data["owner"]}`, name: `ok ${data["name"]}` });
}

for (const when of ["preCreateUrl", "preFinishUrl"] as const) {
  for (const [size, body] of [["small", "abc"], ["large", LARGE]] as const) {
    Deno.test(`${when}: a ${size} file is refused with the line of who is asked, or gets the name and folder`, async () => {
      await using receiver = startReceiver(judge);
      await using pawl = await startServer(wishesFor(receiver, when));
      assertEquals(await send(pawl, "virus.exe", body), {
        status: 403,
        code: "not-wanted",
        text: "A virus was found in it",
      });
      // What was refused at its end is kept, for whoever refused it may be wrong.
      assertEquals((await pawl.incomingNames()).length, when === "preCreateUrl" ? 0 : 1);
      assertEquals(await pawl.finishedNames(), []);
      assertEquals((await send(pawl, "note.txt", body)).text, `Success ${body.length}`);
      assertEquals(await Deno.readTextFile(`${pawl.data}/files/checked/anonymous/ok note.txt`), body);
      assertEquals(await pawl.finishedNames(), ["checked"]);
    });
  }

  Deno.test(`${when}: tus, its concatenation and forms are asked about as well`, async () => {
    await using receiver = startReceiver(judge);
    await using pawl = await startServer(wishesFor(receiver, when));
    const post = async (headers: Record<string, string>, body?: string) => {
      const response = await fetch(new URL("/files/", pawl.url), {
        method: "POST",
        headers: { "Tus-Resumable": "1.0.0", ...headers },
        ...body !== undefined && { body },
      });
      await response.body?.cancel();
      return response;
    };
    const named = (name: string) => ({ "Upload-Metadata": `filename ${btoa(name)}` });
    const tus = (headers: Record<string, string>) =>
      post({ "Upload-Length": "3", "Content-Type": "application/offset+octet-stream", ...headers }, "abc");
    assertEquals((await tus(named("virus"))).status, 403);
    assertEquals((await tus(named("tus.txt"))).status, 201);
    const parts: string[] = [];
    for (let part = 0; part < 2; part++) {
      parts.push((await tus({ "Upload-Concat": "partial" })).headers.get("location")!);
    }
    const final = (name: string) => post({ "Upload-Concat": `final;${parts.join(" ")}`, ...named(name) });
    if (when === "preCreateUrl") assertEquals((await final("virus")).status, 403);
    assertEquals((await final("both.txt")).status, 201);
    const form = new FormData();
    form.append("file", new File(["abc"], "virus.txt"));
    form.append("file", new File(["abc"], "form.txt"));
    const answer = await fetch(new URL("/upload", pawl.url), { method: "POST", body: form });
    assertStringIncludes(await answer.text(), "A virus was found in it");
    assertEquals(
      (await Array.fromAsync(Deno.readDir(`${pawl.data}/files/checked/anonymous`), ({ name }) => name)).sort(),
      [
        "ok both.txt",
        "ok form.txt",
        "ok tus.txt",
      ],
    );
    for (const { data } of receiver.received) assertEquals(data["owner"], "anonymous");
  });

  Deno.test(`${when}: without an answer a file waits, or is taken where the option says so`, async () => {
    let isUp = false;
    await using receiver = startReceiver((message) => isUp ? judge(message) : new Response(null, { status: 500 }));
    await using pawl = await startServer(wishesFor(receiver, when));
    for (const body of ["abc", LARGE]) {
      const { status, code } = await send(pawl, `later ${body.length}`, body);
      assertEquals([status, code], [503, "cannot-ask"]);
    }
    assertEquals(await pawl.finishedNames(), []);
    assertStringIncludes(pawl.log.lines.join("\n"), "it answered 500");
    isUp = true;
    for (const body of ["abc", LARGE]) {
      // What came is kept where the file was asked about at its end.
      const name = `later ${body.length}`;
      const asked = await fetch(new URL("/status", pawl.url), { headers: { "X-File-Id": name } });
      const safe = Number(await asked.text());
      if (safe < body.length) {
        assertEquals((await send(pawl, name, body)).text, `Success ${body.length}`);
      }
      await until(
        () => Deno.stat(`${pawl.data}/files/checked/anonymous/ok ${name}`).then(() => true, () => false),
        "it is there",
      );
    }

    isUp = false;
    await using open = await startServer({ ...wishesFor(receiver, when), takesUnasked: true });
    assertEquals((await send(open, "taken.txt", "abc")).text, "Success 3");
    assertEquals(await open.finishedNames(), ["taken.txt"]);
  });
}

Deno.test("a client of tus that asks while nobody can be asked is not led to begin anew", async () => {
  let isUp = false;
  await using receiver = startReceiver(() => new Response(null, { status: isUp ? 204 : 500 }));
  await using pawl = await startServer(wishesFor(receiver, "preFinishUrl"));
  const ask = async (method: string, path: string, headers: Record<string, string>, body?: string) => {
    const response = await fetch(new URL(path, pawl.url), {
      method,
      headers: { "Tus-Resumable": "1.0.0", ...headers },
      ...body !== undefined && { body },
    });
    await response.body?.cancel();
    return response;
  };
  const path = (await ask("POST", "/files/", { "Upload-Length": "3" })).headers.get("location")!;
  const bytes = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0" };
  const refused = [await ask("PATCH", path, bytes, "abc"), await ask("HEAD", path, {})];
  assertEquals(refused.map(({ status, headers }) => [status, headers.get("x-error")]), [
    [503, "cannot-ask"],
    // The usual clients begin a new upload after any other refusal of a HEAD.
    [423, "cannot-ask"],
  ]);
  isUp = true;
  const { status, headers } = await ask("HEAD", path, {});
  assertEquals([status, headers.get("upload-offset")], [200, "3"]);
});

Deno.test("who is asked at the end gets the path of the bytes", async () => {
  const seen: string[] = [];
  await using receiver = startReceiver(async ({ data }) => {
    seen.push(await Deno.readTextFile(String(data["file"])));
    return new Response(null, { status: 204 });
  });
  await using pawl = await startServer(wishesFor(receiver, "preFinishUrl"));
  assertEquals((await send(pawl, "small", "abc")).status, 200);
  assertEquals((await send(pawl, "large", LARGE)).status, 200);
  assertEquals(seen, ["abc", LARGE]);
});

Deno.test("an upload that goes on is not asked about again", async () => {
  await using receiver = startReceiver(judge);
  await using pawl = await startServer(wishesFor(receiver, "preCreateUrl"));
  const first = await send(pawl, "a", "abc", { "X-File-Size": "6" });
  assertEquals(first.status, 200);
  assertEquals((await send(pawl, "a", "def", { "X-File-Size": "6", "X-Start-Byte": "3" })).text, "Success 6");
  assertEquals(receiver.received.length, 1);
});

Deno.test("a server that ends waits for no answer, keeps the bytes, and takes nothing unasked", async () => {
  await using dir = await tempDir();
  const end = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  let isUp = false;
  await using receiver = startReceiver(async () => {
    if (isUp) return new Response(null, { status: 204 });
    asked.resolve();
    await end.promise;
    return new Response();
  });
  const wishes = { ...wishesFor(receiver, "preFinishUrl"), takesUnasked: true, data: dir.path };
  {
    await using pawl = await startServer(wishes);
    const sending = send(pawl, "film", LARGE);
    await asked.promise;
    assertEquals(await pawl.stop(), true);
    assertEquals((await sending).code, "cannot-ask");
    assertEquals(await pawl.finishedNames(), []);
  }
  isUp = true;
  await using pawl = await startServer(wishes);
  await until(async () => (await pawl.finishedNames()).join() === "film", "it is finished after the next start");
  end.resolve();
});

Deno.test("who is asked hears the length of the file in each protocol, as far as the client tells it", async () => {
  await using receiver = startReceiver();
  await using pawl = await startServer(wishesFor(receiver, "preCreateUrl"));
  await send(pawl, "simple", "abc");
  const post = async (headers: Record<string, string>, body: BodyInit | null = null, path = "/files/") => {
    const response = await fetch(new URL(path, pawl.url), { method: "POST", headers, body });
    await response.body?.cancel();
    return response.headers.get("location");
  };
  const TUS = { "Tus-Resumable": "1.0.0" };
  const BYTES = { ...TUS, "Upload-Length": "3", "Content-Type": "application/offset+octet-stream" };
  await post({ ...TUS, "Upload-Length": "7" });
  await post(BYTES, "abc");
  await post({ ...TUS, "Upload-Defer-Length": "1" });
  const part = { ...BYTES, "Upload-Concat": "partial" };
  const final = { ...TUS, "Upload-Concat": `final;${await post(part, "abc")} ${await post(part, "abc")}` };
  await post(final);
  // The same final upload again is no new one.
  await post(final);
  const form = new FormData();
  form.append("file", new File(["abcd"], "form.txt"));
  await post({}, form, "/upload");
  assertEquals(receiver.received.map(({ data }) => data["length"]), [3, 7, 3, undefined, 6, 4]);
});

Deno.test("of two requests for one id the later one wins, though the earlier one still waits for an answer", async () => {
  const answered = Promise.withResolvers<Response>();
  const asked = Promise.withResolvers<void>();
  let count = 0;
  await using receiver = startReceiver(() => {
    if (count++ > 0) return new Response(null, { status: 204 });
    asked.resolve();
    return answered.promise;
  });
  await using pawl = await startServer(wishesFor(receiver, "preCreateUrl"));
  const first = send(pawl, "film", "a".repeat(100_000));
  await asked.promise;
  const half = { "X-File-Size": "200000", "Upload-Complete": "?0" };
  assertEquals((await send(pawl, "film", "b".repeat(100_000), half)).text, "100000");
  answered.resolve(new Response(null, { status: 204 }));
  assertEquals((await first).code, "taken-over");
  const status = await fetch(new URL("/status", pawl.url), { headers: { "X-File-Id": "film" } });
  assertEquals(await status.text(), "100000");
  assertEquals(await pawl.finishedNames(), []);
});

Deno.test("a file that is too large for who is asked at its end keeps its bytes as well", async () => {
  await using receiver = startReceiver(() => new Response("At most 5 MB", { status: 413 }));
  await using pawl = await startServer(wishesFor(receiver, "preFinishUrl"));
  const { code, text } = await send(pawl, "film", LARGE);
  assertEquals([code, text], ["not-wanted", "At most 5 MB"]);
  const [id] = await pawl.incomingNames();
  assertEquals((await Deno.stat(`${pawl.data}/incoming/${id}`)).size, LARGE.length);
});

Deno.test("a client of a form is not silent while its files are asked about, before and after they came", async () => {
  // Much longer than a busy machine lets the body lie that it sends to itself.
  const idleMs = 2000;
  await Promise.all((["preCreateUrl", "preFinishUrl"] as const).map(async (when) => {
    await using receiver = startReceiver(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1.5 * idleMs));
      return new Response(null, { status: 204 });
    });
    await using pawl = await startServer({ ...wishesFor(receiver, when), idleMs });
    const form = new FormData();
    form.append("file", new File(["x".repeat(5_000_000)], "film"));
    form.append("file", new File(["abc"], "note"));
    const answer = await fetch(new URL("/upload", pawl.url), { method: "POST", body: form });
    const lines = (await answer.text()).split("\n").map((line) => line.split(" ").slice(0, 3).join(" "));
    assertEquals([when, lines], [when, ["Success 5000000 film", "Success 3 note", ""]]);
  }));
});
