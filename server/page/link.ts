/** Gives the script of a module: JavaScript, with its types taken away. */
export type ReadScript = (name: string) => Promise<string>;

const IMPORT = /^import\s*(?:\{([^{}]*)\}\s*from\s*)?"(\.[^"]+)";/gm;
const EXPORT_LIST = /^export\s*\{([^{}]*)\}(?:\s*from\s*"(\.[^"]+)")?;/gm;
const EXPORT_DECLARED = /^export\s+(?=(?:(?:async\s+)?function\b\s*\*?|class|const)\s+([\w$]+))/gm;

/** An import or export that is still there when those above have been taken out. It cannot be linked. */
const OTHER = /^(?:import\b(?!\s*\()|export\b)|\bimport\.meta\b/m;

/**
 * Links the module `entry`, and all that it imports, into one module with the exports of `entry`. Each module becomes a
 * function that runs once, after those that it imports. A dynamic import stays as it is. Of a module that only exports
 * what others have, such as the face of a library, importers get the modules of the names that they import.
 *
 * Throws for what it cannot link: a circle, a default or namespace import, a package, `export let` (its importers would
 * not see a later value) and `import.meta`. An import or export begins its line, and no line of a text begins so. Only
 * `entry` may have a top-level `await`.
 */
export async function link(entry: string, read: ReadScript): Promise<string> {
  const numbers = new Map<string, number | undefined>();
  const linked: string[] = [];
  const texts = new Map<string, Promise<string>>();

  function textOf(name: string): Promise<string> {
    const text = texts.get(name) ?? read(name);
    texts.set(name, text);
    return text;
  }

  /** The module that has what `name` exports as `own`, and its name there. */
  async function originOf(name: string, own: string): Promise<[name: string, own: string]> {
    const script = await textOf(name);
    if (!isFace(script)) return [name, own];
    for (const [, names, target] of script.matchAll(EXPORT_LIST)) {
      const [origin] = named(names).find(([, as]) => as === own) ?? [];
      if (origin !== undefined) return await originOf(resolved(target!, name), origin);
    }
    throw new Error(`Cannot link ${name}: it does not export ${own}`);
  }

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

  /** The text that binds the imported names of the module `target`. */
  async function bindingOf(names: string | undefined, target: string, importer: string): Promise<string> {
    if (names === undefined || !isFace(await textOf(target))) await numberOf(target, importer);
    const bound = new Map<number, string[]>();
    for (const [own, as] of named(names)) {
      const [origin, there] = await originOf(target, own);
      const number = await numberOf(origin, importer);
      bound.set(number, [...bound.get(number) ?? [], there === as ? as : `${there}: ${as}`]);
    }
    return [...bound].map(([number, list]) => `const { ${list.join(", ")} } = $${number};`).join(" ");
  }

  /** The text of a function that does what the module does, and returns its exports. */
  async function bodyOf(name: string, exported: string[] = []): Promise<string> {
    const script = await textOf(name);
    const bindings = new Map<string, string>();
    for (const [statement, names, target] of script.matchAll(IMPORT)) {
      bindings.set(statement, await bindingOf(names, resolved(target!, name), name));
    }
    const sources = new Map<string, string>();
    for (const [, names, target] of script.matchAll(EXPORT_LIST)) {
      for (const [own] of target === undefined ? [] : named(names)) {
        const [origin, there] = await originOf(resolved(target!, name), own);
        sources.set(`${own} ${target}`, `$${await numberOf(origin, name)}.${there}`);
      }
    }
    const entries: string[] = [];
    const add = (as: string, value: string) => {
      exported.push(as);
      entries.push(`${as}: ${value}`);
    };
    const body = script
      .replace(IMPORT, (statement) => bindings.get(statement)!)
      .replace(EXPORT_LIST, (_, names: string, target?: string) => {
        for (const [own, as] of named(names)) add(as, target === undefined ? own : sources.get(`${own} ${target}`)!);
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

/** True for a module that has nothing of its own: it only exports what others have. */
function isFace(script: string): boolean {
  const rest = script.replace(EXPORT_LIST, (statement, _, target) => target === undefined ? statement : "");
  return rest !== script && rest.trim() === "";
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
