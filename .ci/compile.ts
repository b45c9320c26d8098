// Makes a binary as `deno task compile` does, at the path given. Deno would download its runtime from a host of its own.
// With its own executable in the place of the runtime the binary does not run as Pawl, but all that is to be inside it is
// inside.
import { compileOne } from "./compile_one.ts";

const [output] = Deno.args;
if (output === undefined) throw new Error("Cannot compile: give the path of the binary");
const problem = await compileOne({ output, runtime: Deno.execPath() });
if (problem !== undefined) throw new Error(problem);
