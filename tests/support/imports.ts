import { walk } from "@std/fs/walk";
import { dirname, fromFileUrl, join, relative } from "@std/path";

/** The files that each file imports, by their paths from the top of the project. */
export type Imports = ReadonlyMap<string, readonly string[]>;

const TOP = fromFileUrl(new URL("../../", import.meta.url));

/** Reads which files of the project the TypeScript files below `folder` import, types and all. */
export async function importsOf(folder: string): Promise<Imports> {
  const imports = new Map<string, string[]>();
  for await (const { path } of walk(join(TOP, folder), { exts: [".ts"], skip: [/\.d\.ts$/], includeDirs: false })) {
    const source = await Deno.readTextFile(path);
    const targets = source.matchAll(/^(?:import|export)\b[^;]*?\bfrom\s+"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gms);
    const own = [...targets].map(([, plain, late]) => relative(TOP, join(dirname(path), plain ?? late!)));
    imports.set(relative(TOP, path), own);
  }
  return imports;
}

/**
 * The place of a file's room in the list of rooms; -1 where it lies in none. A room is a folder, without those in it,
 * or some files of one: `folder/{one,two}`.
 */
export function levelOf(file: string, rooms: readonly string[]): number {
  const named = rooms.findIndex((room) => {
    const [, folder, names] = /^(.*)\/\{(.*)\}$/.exec(room) ?? [];
    return names?.split(",").some((name) => file === `${folder}/${name}.ts`);
  });
  return named >= 0 ? named : rooms.indexOf(dirname(file));
}

/** The groups of files that import each other, each in alphabetical order (Tarjan's strongly connected components). */
export function circles(imports: Imports): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];

  function visit(file: string): number {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    path.push(file);
    for (const target of imports.get(file) ?? []) {
      if (!order.has(target)) lowest.set(file, Math.min(lowest.get(file)!, visit(target)));
      else if (path.includes(target)) lowest.set(file, Math.min(lowest.get(file)!, order.get(target)!));
    }
    if (lowest.get(file) === order.get(file)) {
      const group = path.splice(path.indexOf(file));
      if (group.length > 1 || imports.get(file)?.includes(file)) found.push(group.toSorted());
    }
    return lowest.get(file)!;
  }

  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return found;
}
