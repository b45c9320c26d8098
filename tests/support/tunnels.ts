import { assert, assertEquals, assertMatch } from "@std/assert";
import { filesBelow } from "../faults/run.ts";
import { head, postHead, speakOn } from "./raw.ts";

/** A request that a proxy would take for the content of the one before it. */
const hidden = (id: string) => `${postHead(id, { "Content-Length": 3, "Connection": "close" })}abc`;

/** CONNECT in the forms in which proxies pass it on, with a content of so many bytes. */
const CONNECTS: Readonly<Record<string, (length: number) => string>> = {
  "a length": (length) => head("CONNECT localhost:80", { "Content-Length": length }),
  "another host": (length) => head("CONNECT b.example:443", { "Host": "b.example:443", "Content-Length": length }),
  "no host": (length) => `CONNECT localhost:80 HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n`,
  "no length": () => head("CONNECT localhost:80"),
  "a path": (length) => head("CONNECT localhost/upload", { "Content-Length": length }),
  "a path alone": (length) => head("CONNECT /upload", { "Content-Length": length }),
  "a port that cannot be": (length) => head("CONNECT localhost:99999", { "Content-Length": length }),
  "chunks": (length) => `${head("CONNECT localhost:80", { "Transfer-Encoding": "chunked" })}${length.toString(16)}\r\n`,
};

/** The ways in which a client goes on when it has sent all. The runtime may find it gone before it sends an answer. */
const ENDS: Readonly<Record<string, (connection: Deno.Conn) => Promise<void> | void>> = {
  "waits": () => {},
  "sends no more": (connection) => connection.closeWrite().catch(() => {}),
  "goes": (connection) => connection.close(),
};

/** How often each is tried: some come through in one time of many. */
const TIMES = 5;

/** Lists the paths of all files, finished or not, in a data folder. */
export async function uploadsIn(data: string): Promise<string[]> {
  return (await filesBelow(data)).filter((path) => /^(?:files|incoming)\//.test(path));
}

/**
 * Hides uploads behind a CONNECT in many ways, each on a connection of its own. Throws when more than the CONNECT is
 * answered, or when an upload is among the `names` of the server's files then. With `http2` a CONNECT without `Host` is
 * left out: it could be one of HTTP/2.
 */
export async function assertNothingHides(
  open: () => Promise<Deno.Conn>,
  names: () => Promise<readonly string[]>,
  { http2 = false } = {},
): Promise<void> {
  let told = 0;
  for (const [form, connectHead] of Object.entries(CONNECTS)) {
    if (http2 && form === "no host") continue;
    for (const [end, finish] of Object.entries(ENDS)) {
      for (let time = 0; time < TIMES; time++) {
        const connection = await open();
        const client = speakOn(connection);
        const text = hidden(`first ${form}`);
        await client.send(connectHead(text.length) + text + hidden(`second ${form}`));
        await finish(connection);
        if (end === "goes") continue;
        const answer = await client.closed();
        client[Symbol.dispose]();
        assert(answer.split(/HTTP\/1\.1 \d/).length <= 2, `${form}, ${end}: ${answer}`);
        if (end === "waits") assertMatch(answer, /^(?:HTTP\/1\.1 40[05] |$)/, `${form}: ${answer}`);
        if (answer !== "") told++;
      }
    }
  }
  // Some forms are no HTTP for the runtime, which cuts those off.
  assert(told > TIMES, `${told} were told why they are refused`);
  // These are answered behind all that came before, so the files of a hidden upload would be there.
  for (let time = 0; time < 10; time++) {
    using client = speakOn(await open());
    await client.send(head("GET /healthz"));
    assertEquals((await client.answer()).status, 200);
  }
  assertEquals(await names(), []);
}
