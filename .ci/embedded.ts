// Looks for every file that the server reads at run time inside the compiled binary, byte for byte: the listing that
// `deno compile` prints names only folders. Ends with code 1 and the names of the files that are missing.
import { Buffer } from "node:buffer";

const root = new URL("../", import.meta.url);
const [path] = Deno.args;
if (path === undefined) throw new Error("Cannot look into the binary: give its path");
const binary = Buffer.from(await Deno.readFile(path));

const modules = (await filesIn("client/")).filter((file) => file.endsWith(".ts"));
const page = await filesIn("static/");
const missing: string[] = [];
for (const file of [...modules, ...page, "server/send/digest_worker.ts"]) {
  if (!binary.includes(Buffer.from(await Deno.readFile(new URL(file, root))))) missing.push(file);
}
for (const file of missing) report(`Not in the binary: ${file}`);
report(`Looked for ${modules.length} modules of the client and ${page.length} files of the page`);
Deno.exit(missing.length === 0 && modules.length > 0 && page.length > 0 ? 0 : 1);

/** All files below a folder, as paths within the checkout. */
async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    files.push(...isDirectory ? await filesIn(`${folder}${name}/`) : [folder + name]);
  }
  return files;
}

function report(text: string): void {
  // deno-lint-ignore no-console -- printing is what this program is for
  console.log(text);
}
