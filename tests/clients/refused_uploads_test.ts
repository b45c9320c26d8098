import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { LISTENERS } from "../../server/config/listening_options.ts";
import { startServer } from "../support/pawl.ts";
import { programTest } from "../support/programs.ts";
import { tempDir } from "../support/temp_dir.ts";

/** So much is sent; some clients would send all of it before they look for an answer. */
const SIZE = 100_000_000;
const TRIES = 6;

/** The path of a program that people have in different places. */
function placeOf(program: string): string {
  const folders = (Deno.env.get("PATH") ?? "").split(":").map((folder) => join(folder, program));
  return folders.find((path) => isFile(path)) ?? join("/usr/bin", program);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

const PYTHON = `
import contextlib, http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
headers = {"Upload-Complete": "?1", "Upload-Draft-Interop-Version": "8"}
# It raises when it is cut off, past what the server reads after a refusal. The answer is there all the same.
with open(sys.argv[2], "rb") as body, contextlib.suppress(BrokenPipeError, ConnectionResetError):
    connection.request("POST", "/files/", body=body, headers={**headers, "Content-Length": "${SIZE}"})
print(connection.getresponse().status)
`;

const NODE = `
const [port, path] = process.argv.slice(1);
const body = require("node:fs").readFileSync(path);
const headers = { "Upload-Complete": "?1", "Upload-Draft-Interop-Version": "8" };
fetch("http://127.0.0.1:" + port + "/files/", { method: "POST", headers, body }).then(({ status }) => console.log(status));
`;

/** The clients: a program, and its arguments for a port and a file to send there. */
const CLIENTS: Readonly<Record<string, (port: string, path: string) => readonly [program: string, ...args: string[]]>> =
  {
    curl: (port, path) => [
      "/usr/bin/curl",
      ...["-s", "-o", "/dev/null", "-w", "%{http_code}", "--data-binary", `@${path}`],
      ...["-H", "Upload-Complete: ?1", "-H", "Upload-Draft-Interop-Version: 8", `http://127.0.0.1:${port}/files/`],
    ],
    "fetch in Node": (port, path) => [placeOf("node"), "-e", NODE, port, path],
    "Python's http.client": (port, path) => [placeOf("python3"), "-c", PYTHON, port, path],
  };

for (const [client, command] of Object.entries(CLIENTS)) {
  for (const listener of LISTENERS) {
    programTest(`${client} reads why 100 MB are refused, six times of six (--listener=${listener})`, {
      programs: [command("", "")[0]],
      async run() {
        await using dir = await tempDir();
        const path = join(dir.path, "large");
        await Deno.writeFile(path, new Uint8Array());
        await Deno.truncate(path, SIZE);
        await using pawl = await startServer({ listener, maxBytes: 1000 });
        const statuses: string[] = [];
        for (let round = 0; round < TRIES; round++) {
          const [program, ...args] = command(String(pawl.port), path);
          const { stdout } = await new Deno.Command(program, { args, stdin: "null", stderr: "null" }).output();
          statuses.push(new TextDecoder().decode(stdout).trim());
        }
        assertEquals(statuses, Array(TRIES).fill("413"));
        assertEquals(await pawl.finishedNames(), []);
      },
    });
  }
}
