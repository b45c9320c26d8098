import { missingForSwift, startSwift } from "./swift.ts";
import { runTestsOn } from "./tests_on.ts";

// Runs `deno test` with the arguments of this program on OpenStack Swift instead of Ceph: an S3 server without conditional
// writes, which takes parts of a multipart upload that is completed.

if (missingForSwift === undefined) await runTestsOn(await startSwift());
// deno-lint-ignore no-console -- this program is a command
console.log(
  `There is no Swift for the tests, because ${missingForSwift} is missing: ` +
    "apt-get install --no-install-recommends swift swift-proxy swift-account swift-container swift-object memcached",
);
