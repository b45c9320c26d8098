/** Gives the script of a module: JavaScript, with its types taken away. */
export type ReadScript = (name: string) => Promise<string>;

const IMPORT = /^import\s*(?:\{([^{}]*)\}\s*from\s*)?"(\.[^"]+)";/gm;
const EXPORT_FROM = /^export\s*\{([^{}]*)\}\s*from\s*"(\.[^"]+)";/gm;
const EXPORT_LIST = /^export\s*\{([^{}]*)\};/gm;
const EXPORT_DECLARED = /^export\s+(?=(?:(?:async\s+)?function\b\s*\*?|class|const)\s+([\w$]+))/gm;

/** An import or export that is still there when those above have been taken out. It cannot be linked. */
const OTHER = /^(?:import\b(?!\s*\()|export\b)|\bimport\.meta\b/m;

/**
 * Links the module `entry`, and all that it imports, into one module with the exports of `entry`. Each module becomes a
 * function that runs once, after those that it imports. A dynamic import stays as it is.
 *
 * Throws for what it cannot link: a circle, a default or namespace import, a package, `export let` (its importers would
 * not see a later value) and `import.meta`. An import or export begins its line, and no line of a text begins so. Only
 * `entry` may have a top-level `await`.
 */
export async function link(entry: string, read: ReadScript): Promise<string> {
  const numbers = new Map<string, number | undefined>();
  const linked: string[] = [];

  async function numberOf(name: string, importer: string): Promise<number> {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    if (numbers.has(name)) throw new Error(`Cannot link ${importer}: it and ${name} import each other`);
    numbers.set(name, undefined);
    const body = await bodyOf(name);
    const number = linked.push(`const $${linked.length} = (() => {\n${body}\n})();`) - 1;
    numbers.set(name, number);
    return number;
  }

  /** The text of a function that does what the module does, and returns its exports. */
  async function bodyOf(name: string, exported: string[] = []): Promise<string> {
    const script = await read(name);
    const numbersOf = new Map<string, number>();
    for (const [, , target] of [...script.matchAll(IMPORT), ...script.matchAll(EXPORT_FROM)]) {
      numbersOf.set(target!, await numberOf(resolved(target!, name), name));
    }
    const entries: string[] = [];
    const add = (as: string, value: string) => {
      exported.push(as);
      entries.push(`${as}: ${value}`);
    };
    const body = script
      .replace(IMPORT, (_, names: string | undefined, target: string) => {
        const bound = named(names).map(([own, as]) => own === as ? own : `${own}: ${as}`);
        return bound.length === 0 ? "" : `const { ${bound.join(", ")} } = $${numbersOf.get(target)};`;
      })
      .replace(EXPORT_FROM, (_, names: string, target: string) => {
        for (const [own, as] of named(names)) add(as, `$${numbersOf.get(target)}.${own}`);
        return "";
      })
      .replace(EXPORT_LIST, (_, names: string) => {
        for (const [own, as] of named(names)) add(as, own);
        return "";
      })
      .replace(EXPORT_DECLARED, (_, declared: string) => {
        add(declared, declared);
        return "";
      });
    const other = OTHER.exec(body);
    if (other !== null) throw new Error(`Cannot link ${name}: ${lineAt(body, other.index)}`);
    return `${body}\nreturn { ${entries.join(", ")} };`;
  }

  const exported: string[] = [];
  const body = await bodyOf(entry, exported);
  const main = `await (async () => {\n${body}\n})();`;
  linked.push(exported.length === 0 ? main : `export const { ${exported.join(", ")} } = ${main}`);
  return linked.join("\n");
}

function resolved(target: string, importer: string): string {
  return new URL(target, `file:///${importer}`).pathname.slice(1);
}

/** The names in the braces of an import or export, each with the name that it is given. */
function named(names = ""): [own: string, as: string][] {
  return names.split(",").map((name) => name.trim()).filter((name) => name !== "").map((name) => {
    const [own, as = own] = name.split(/\s+as\s+/) as [string, string?];
    return [own, as];
  });
}

function lineAt(text: string, index: number): string {
  return text.slice(text.lastIndexOf("\n", index) + 1).split("\n")[0]!.trim();
}
