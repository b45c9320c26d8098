// Makes the npm package of the client in the folder that is named; by default in dist/client.
import { fromFileUrl, resolve } from "@std/path";
import { makePackage } from "./package.ts";

const [folder = fromFileUrl(new URL("../dist/client", import.meta.url)), ...rest] = Deno.args;
if (rest.length > 0 || folder.startsWith("-")) fail("Name one folder for the package, or none");
try {
  await makePackage(resolve(folder));
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
say(`Made the package in ${folder}. \`npm pack ${folder}\` makes a tarball of it`);

function fail(problem: string): never {
  say(problem);
  Deno.exit(1);
}

function say(text: string): void {
  // deno-lint-ignore no-console -- printing is what this program is for
  console.log(text);
}
