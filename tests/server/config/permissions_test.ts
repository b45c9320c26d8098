import { assertEquals } from "@std/assert";
import { readConfig } from "../../../server/config/config.ts";
import { missingForServer } from "../../../server/config/permissions.ts";

const denied = { state: "denied" } as Deno.PermissionStatus;

async function flagsFor(args: string[]): Promise<string[]> {
  const config = readConfig(["--data=/data", ...args], () => undefined);
  const flags = await missingForServer(config, "/pawl", () => Promise.resolve(denied));
  const usual = ["/pawl/static", "/pawl/client", "/data"].map((path) => `--allow-read=${path}`);
  return flags.filter((flag) => ![...usual, "--allow-write=/data", "--allow-sys=statfs"].includes(flag));
}

Deno.test("a server needs the permission for each address that it listens on, and for the files of its certificate", async () => {
  assertEquals(await flagsFor([]), ["--allow-net=127.0.0.1:8080"]);
  assertEquals(await flagsFor(["--host=::1", "--port=443", "--http-redirect", "--cert=/c", "--key=/k"]), [
    "--allow-net=[::1]:443",
    "--allow-net=[::1]:80",
    "--allow-read=/c",
    "--allow-read=/k",
  ]);
  assertEquals(await flagsFor(["--unix-socket=/run/p.sock", "--admin-port=9090"]), [
    "--allow-net=127.0.0.1:9090",
    "--allow-net=unix:/run/p.sock",
    "--allow-read=/run/p.sock",
    "--allow-write=/run/p.sock",
  ]);
});

Deno.test("a server that shares a database and a bucket may connect anywhere, and reads their usual variables", async () => {
  const shared = new Map([["PAWL_DATABASE", "postgres://a/b"], ["PAWL_BUCKET", "s3://abc"]]);
  const config = readConfig([], (name) => shared.get(name));
  const flags = await missingForServer(config, "/pawl", () => Promise.resolve(denied));
  assertEquals(flags.filter((flag) => /net|env/.test(flag)), ["--allow-net", "--allow-env='PAWL_*,PG*,AWS_*,HOME'"]);
});
