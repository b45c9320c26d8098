import { walk } from "@std/fs/walk";
import { assertEquals } from "@std/assert";
import { fromFileUrl, relative } from "@std/path";

const ROOT = fromFileUrl(new URL("../", import.meta.url));
const { tasks }: { tasks: Record<string, { command: string }> } = JSON.parse(
  await Deno.readTextFile(`${ROOT}deno.json`),
);
const ci = await Deno.readTextFile(`${ROOT}.ci/run`);

/** The folders and files of tests that a task names, in one of two ways: to run them, or to leave them out. */
function named(task: string, how: "run" | "left out"): string[] {
  const words = tasks[task]!.command.split(" ").map((word) => word.replaceAll("'", ""));
  const paths = words.filter((word) => /^!?tests\//.test(word) && !/^!?tests\/(support\/|.*\.json$)/.test(word));
  return how === "run"
    ? paths.filter((path) => !path.startsWith("!"))
    : paths.filter((path) => path.startsWith("!")).map((path) => path.slice(1));
}

const isIn = (paths: readonly string[]) => (file: string) => paths.some((path) => file.startsWith(path));

Deno.test("what `deno task test` leaves out is run by other tasks, and CI runs them", () => {
  const tasksOfCi = [...ci.matchAll(/^tests (\S+)$/gm)].map(([, task]) => task!);
  const isRun = isIn(tasksOfCi.filter((task) => task !== "test").flatMap((task) => named(task, "run")));
  assertEquals(tasksOfCi.includes("test"), true);
  assertEquals(named("test", "left out").filter((path) => !isRun(path)), []);
});

Deno.test("every campaign has a task in which it runs at full size", async () => {
  const campaigns: string[] = [];
  for await (const { path } of walk(`${ROOT}tests`, { match: [/_test\.ts$/] })) {
    const text = await Deno.readTextFile(path);
    if (/^import .*(\/campaign|\/explorer|\/model_campaign)\.ts";$/m.test(text)) campaigns.push(relative(ROOT, path));
  }
  const isRun = isIn([...named("test:long", "run"), ...named("fuzz:shared", "run")]);
  assertEquals([campaigns.length > 10, campaigns.filter((file) => !isRun(file))], [true, []]);
});
