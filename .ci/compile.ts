// Runs the command of `deno task compile`, as it stands in deno.json, but writes the binary to the path given.
import config from "../deno.json" with { type: "json" };

const [output] = Deno.args;
if (output === undefined) throw new Error("Cannot compile: give the path of the binary");
const [program, ...args] = config.tasks.compile.command.split(" ");
const at = args.indexOf("--output") + 1;
if (program !== "deno" || at === 0) throw new Error("Cannot compile: the task is not `deno … --output FILE …`");

const { code } = await new Deno.Command(Deno.execPath(), {
  args: args.with(at, output),
  // Deno would download its runtime from a host of its own. With its own executable in the place of the runtime the
  // binary does not run as Pawl, but all that is to be inside it is inside.
  env: { DENORT_BIN: Deno.execPath() },
}).spawn().status;
Deno.exit(code);
