import { scriptArgs } from "../../peers/node_pipe.ts";
import { NpmPackages } from "../../peers/packages.ts";
import type { Candidate } from "../../job.ts";
import type { Stores } from "../stores.ts";

const PACKAGES = ["@aws-sdk/client-s3@3.1175.0", "@aws-sdk/lib-storage@3.1175.0"] as const;
const packages = new NpmPackages(PACKAGES);

/** AWS's own library, which sends a file to the store without a server between. */
export const sdk: Candidate = {
  name: "AWS SDK",
  note: `${PACKAGES.join(" with ")} in Node: a multipart upload of 8 MiB parts, 4 at a time, from the file`,
  missing: (signal) => packages.missing(signal),
};

/** What one upload of the SDK took. */
export interface SdkTurn {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** Sends the file at `path` to the bucket, under `key`, in a process of its own. */
export async function uploadBySdk(
  { address }: Stores,
  path: string,
  key: string,
  signal: AbortSignal,
): Promise<SdkTurn> {
  const { endpoint, bucket, region, credentials } = address;
  const settings = JSON.stringify({ endpoint, bucket, region, ...credentials, path, name: key });
  const { success, stdout } = await new Deno.Command("node", {
    args: ["--no-warnings", ...await scriptArgs(new URL("./sdk_upload.ts", import.meta.url)), settings],
    cwd: packages.folder,
    stdin: "null",
    stderr: "inherit",
    signal,
  }).output();
  if (!success) throw new Error("The AWS SDK could not send the file");
  const turn: SdkTurn = JSON.parse(new TextDecoder().decode(stdout));
  return turn;
}
