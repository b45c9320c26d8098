import { assertEquals } from "@std/assert";
import { join } from "@std/path";

/** Works through items, `width` at a time; what one throws ends it all. */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T, number: number) => Promise<void>,
): Promise<void> {
  const rest = Array.from(items).entries();
  await Promise.all(Array.from({ length: width }, async () => {
    for (const [number, item] of rest) await work(item, number);
  }));
}

/** Prints the figures of a run, beside its result. */
export function report(line: string): void {
  // deno-lint-ignore no-console -- the figures of a run belong beside its result
  console.log(line);
}

/** Throws when a server has logged anything worse than what it did. */
export function assertNoComplaint(output: string): void {
  const complaints = output.split("\n").filter((line) =>
    line !== "" && !/ \[(?:INFO|DEBUG)\] |^Pawl is at /.test(line)
  );
  assertEquals(complaints, [], "The server complains");
}

/** The paths of all files below a folder, from there, sorted. */
export async function filesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) paths.push(...(await filesBelow(join(folder, name))).map((path) => `${name}/${path}`));
    else paths.push(name);
  }
  return paths.sort();
}
