import type { S3Server } from "./ceph.ts";

/** Runs `deno test` with the arguments of this program, and one S3 server for all files of tests, and ends as it ends. */
export async function runTestsOn(s3: S3Server | undefined): Promise<never> {
  const env: Record<string, string> = {};
  if (s3 !== undefined) {
    const address = new URL(s3.address());
    address.pathname = "";
    env.PAWL_TEST_S3 = address.href;
  }
  const command = new Deno.Command(Deno.execPath(), { args: ["test", ...Deno.args], env });
  const child = command.spawn();
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => child.kill(signal));
  const { code } = await child.status;
  await s3?.[Symbol.asyncDispose]();
  Deno.exit(code);
}
