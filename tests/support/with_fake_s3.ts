import { startFakeS3 } from "./fake_s3.ts";
import { runTestsOn } from "./tests_on.ts";

// Runs `deno test` with the arguments of this program on an S3 server in this process, for a machine that has PostgreSQL
// and no Ceph. It is much faster, and has one bucket for all.

const server = startFakeS3();
await runTestsOn({ address: () => server.address, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() });
