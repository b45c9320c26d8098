import { startCeph } from "./ceph.ts";
import { runTestsOn } from "./tests_on.ts";

// Runs `deno test` with the arguments of this program, and one S3 server for all files of tests: Ceph takes 15 seconds to
// start, and the tests make buckets of their own.

const isReady = Deno.env.has("PAWL_TEST_S3");
const ceph = isReady ? undefined : await startCeph().catch((error) => {
  // The tests that need it say so, and are left out.
  // deno-lint-ignore no-console -- this program is a command
  console.log(`There is no Ceph for the tests: ${error.message.split("\n")[0]}`);
  return undefined;
});
await runTestsOn(ceph);
