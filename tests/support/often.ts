// `deno task test:often [COUNT]`: runs `deno task test` ten times, or COUNT times: three of them beside two busy
// loops, and the last under `nice -n 19` beside a compile. Prints a table, and fails when a run does.
import { fromFileUrl } from "@std/path";

const root = fromFileUrl(new URL("../../", import.meta.url));

/** The work that goes on beside a run. */
type Beside = "nothing" | "two busy loops" | "a compile, nice -n 19";

/** The result of a run. */
interface Run {
  readonly beside: Beside;
  readonly seconds: number;
  readonly summary: string;
  readonly isGreen: boolean;
}

const BUSY_LOOP = ["eval", "for (;;);"];
/** All types anew, again and again. */
const COMPILE = [
  "eval",
  `const { DENO_PATH, ROOT } = Deno.env.toObject();
  for (;;) {
    const cache = await Deno.makeTempDir();
    const output = cache + "/pawl";
    await new Deno.Command(DENO_PATH, { args: ["run", "-A", ".ci/compile.ts", output], cwd: ROOT, stdout: "null", stderr: "null" }).output();
    const fresh = cache + "/fresh.ts";
    await Deno.writeTextFile(fresh, "import " + JSON.stringify(ROOT + "main.ts") + "; export const at = " + Date.now());
    await new Deno.Command(DENO_PATH, { args: ["check", fresh], cwd: ROOT, stdout: "null", stderr: "null" }).output();
    await Deno.remove(cache, { recursive: true });
  }`,
];

/** Starts a program beside the run; it ends, with all that it has started, when the scope does. */
function beside(args: string[]): AsyncDisposable {
  const env = { DENO_PATH: Deno.execPath(), ROOT: root };
  // A group of its own: what it starts ends with it.
  const child = new Deno.Command("setsid", { args: [Deno.execPath(), ...args], env, stdout: "null" }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      await new Deno.Command("kill", { args: ["-KILL", "--", `-${child.pid}`] }).output();
      await child.status;
    },
  };
}

async function run(what: Beside): Promise<Run> {
  await using work = new AsyncDisposableStack();
  if (what === "two busy loops") { for (const _ of [1, 2]) work.use(beside(BUSY_LOOP)); }
  if (what.startsWith("a compile")) work.use(beside(COMPILE));
  const [program, ...nice] = what.startsWith("a compile") ? ["nice", "-n", "19", Deno.execPath()] : [Deno.execPath()];
  const start = performance.now();
  const { stdout, stderr, success } = await new Deno.Command(program!, {
    args: [...nice, "task", "test"],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const seconds = (performance.now() - start) / 1000;
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const summary = text.match(/^(ok|FAILED) \| .*$/gm)?.at(-1) ?? "no summary";
  if (!success) await Deno.writeTextFile(`${root}failed-${Date.now()}.log`, text);
  return { beside: what, seconds, summary, isGreen: success };
}

function print(line: string): void {
  // deno-lint-ignore no-console -- printing is what this program is for
  console.log(line);
}

const count = Number(Deno.args[0] ?? 10);
let isGreen = true;
print("| run | beside | seconds | result |\n| --: | --- | --: | --- |");
for (let number = 1; number <= count; number++) {
  const left = count - number;
  const what = left === 0 ? "a compile, nice -n 19" : left <= 3 ? "two busy loops" : "nothing";
  const done = await run(what);
  isGreen &&= done.isGreen;
  print(`| ${number} | ${done.beside} | ${done.seconds.toFixed(0)} | ${done.summary} |`);
}
Deno.exit(isGreen ? 0 : 1);
