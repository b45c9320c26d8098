import { Buffer } from "node:buffer";

/** The answer that `curl` has got. */
export interface CurlAnswer {
  /** The status; 0 when there was no answer. */
  readonly status: number;
  /** The version of HTTP, `2` or `1.1`. */
  readonly version: string;
  readonly headers: Headers;
  /** Each character is a byte. */
  readonly body: string;
  /** The exit code, which is not 0 when the connection broke. */
  readonly code: number;
}

/** Runs `curl` with these arguments, which name one address. It trusts the certificate at `cacert` and no other. */
export async function curl(cacert: string, ...args: readonly string[]): Promise<CurlAnswer> {
  const { code, stdout } = await new Deno.Command("curl", {
    args: ["-s", "-i", "--max-time", "60", "--cacert", cacert, "-w", "\n%{http_code} %{http_version}", ...args],
    stdin: "null",
    stderr: "null",
  }).output();
  const output = Buffer.from(stdout).toString("latin1");
  const end = output.lastIndexOf("\n");
  const [status = "0", version = ""] = output.slice(end + 1).split(" ");
  // Interim answers come before it.
  const [, head = "", body = ""] =
    /^(?:HTTP\/\S+ 1\d\d.*?\r\n\r\n)*(HTTP\/.*?\r\n)\r\n(.*)$/s.exec(output.slice(0, end)) ?? [];
  const lines = head.split("\r\n").slice(1).filter((line) => line !== "");
  const headers = new Headers(
    lines.map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
  return { status: Number(status), version, headers, body, code };
}
