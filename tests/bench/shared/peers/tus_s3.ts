import type { RunningPeer } from "../../peers/peer.ts";
import { scriptArgs } from "../../peers/node_pipe.ts";
import { NpmPackages } from "../../peers/packages.ts";
import { startProcess } from "../../peers/process.ts";
import type { Candidate } from "../../job.ts";
import type { Stores } from "../stores.ts";

const PACKAGES = ["@tus/server@2.4.5", "@tus/s3-store@2.0.7"] as const;
const packages = new NpmPackages(PACKAGES);

/** The reference server of the tus protocol, with its own store in S3. */
export const tusS3: Candidate = {
  name: "@tus/s3-store",
  note: `${PACKAGES.join(" with ")} in Node`,
  missing: (signal) => packages.missing(signal),
};

/** A started one. */
export interface TusServer extends AsyncDisposable, Pick<RunningPeer, "pid"> {
  readonly pid: number;
  /** The address at which uploads begin. */
  readonly url: string;
  readonly port: number;
}

/** Starts it on the bucket of the stores. It keeps what is no part yet in `dir` for a moment. */
export async function startTusS3({ address }: Stores, dir: string): Promise<TusServer> {
  const { endpoint, bucket, region, credentials } = address;
  const settings = { endpoint, bucket, region, ...credentials, dir };
  const script = await scriptArgs(new URL("./tus_s3_server.ts", import.meta.url));
  const server = startProcess("node", ["--no-warnings", ...script, JSON.stringify(settings)], packages.folder);
  const port = Number(await server.firstLine());
  return {
    pid: server.pid,
    port,
    url: `http://127.0.0.1:${port}/files`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
