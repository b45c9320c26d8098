import { assertEquals } from "@std/assert";
import http2 from "node:http2";
import { join } from "@std/path";
import { filesBelow } from "../faults/run.ts";
import { type PawlProcess, startPawl } from "./process.ts";
import { connect, head, type RawConnection } from "./raw.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

/** The answer to an attack. `status` 0 stands for a connection that was cut without an answer. */
export interface Outcome {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/**
 * A server with one finished file, deep in a folder of the test's own, so that what gets out of its data can be seen.
 */
export interface AttackSite extends AsyncDisposable {
  readonly pawl: PawlProcess;
  /** The finished file's id, for which `ID` stands in the texts of attacks. */
  readonly id: string;
  /** Sends these bytes, a character each, on a connection of their own. */
  raw(text: string): Promise<Outcome>;
  /** Sends these bytes, a character each, and gives an answer that the server breaks off. */
  brokenOff(text: string): Promise<Outcome>;
  /** Sends a request by HTTP/2 without TLS. */
  http2(headers: Readonly<Record<string, string>>): Promise<Outcome>;
  /**
   * Throws unless the file is still there, nothing lies outside the data folder, and the log tells no stack of calls.
   */
  assertUnharmed(): Promise<void>;
  /** Waits until the log has told of `count` refusals, and returns its lines about them. */
  refusals(count: number): Promise<string[]>;
}

const CONTENT = "the bytes of somebody's file";

export async function openAttackSite(args: readonly string[] = []): Promise<AttackSite> {
  await using open = new AsyncDisposableStack();
  const { path: outside } = open.use(await tempDir());
  const data = join(outside, "one", "two", "data");
  await Deno.mkdir(data, { recursive: true });
  const pawl = open.use(await startPawl(data, { args: [...args] }));

  const send = (connection: RawConnection, text: string) =>
    connection.send(Uint8Array.from(text, (character) => character.charCodeAt(0)));

  async function raw(text: string): Promise<Outcome> {
    using connection = await connect(pawl.port);
    await send(connection, text);
    return await connection.answer(text.startsWith("HEAD ") ? "HEAD" : undefined).catch(() => NO_ANSWER);
  }

  const upload = head("POST /upload", { "X-File-Id": "a", "X-File-Name": "a.html", "Content-Length": CONTENT.length });
  const { headers } = await raw(upload + CONTENT);
  const id = headers.get("location")?.slice("/files/".length) ?? "";
  const kept = open.move();
  return {
    pawl,
    id,
    raw: (text) => raw(text.replaceAll("ID", id)),
    async brokenOff(text) {
      using connection = await connect(pawl.port);
      await send(connection, text);
      return await connection.brokenOff();
    },
    http2: (headers) => askByHttp2(pawl.port, headers),
    async assertUnharmed() {
      assertEquals((await raw(head(`GET /files/${id}`))).body, CONTENT);
      assertEquals((await filesBelow(outside)).filter((path) => !path.startsWith("one/two/data/")), []);
      assertEquals(pawl.output().match(/^.*(?: at (?:async )?\S+ \(|\n\s+at |Uncaught).*$/gm), null);
    },
    async refusals(count) {
      const lines = () => pawl.output().split("\n").filter((line) => line.includes("Refused"));
      await until(() => lines().length >= count, `the log tells of ${count} refusals:\n${pawl.output()}`);
      return lines();
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const NO_ANSWER: Outcome = { status: 0, headers: new Headers(), body: "" };

async function askByHttp2(port: number, wanted: Readonly<Record<string, string>>): Promise<Outcome> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const ended = Promise.withResolvers<Outcome>();
  session.on("error", () => ended.resolve(NO_ANSWER));
  const request = session.request({ ...wanted });
  request.on("error", () => ended.resolve(NO_ANSWER));
  request.on("response", ({ ":status": status = 0, ...rest }) => {
    const headers = new Headers(
      Object.entries(rest).filter(([name]) => !name.startsWith(":")).map(([name, value]) =>
        [name, String(value)] as [string, string]
      ),
    );
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (text: string) => body += text);
    request.on("end", () => ended.resolve({ status, headers, body }));
  });
  request.end();
  const outcome = await ended.promise;
  const closed = Promise.withResolvers<void>();
  session.on("close", () => closed.resolve());
  session.destroy();
  await closed.promise;
  return outcome;
}
