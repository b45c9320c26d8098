import ts from "typescript";

/** The options that differ from those of `deno.json`, which TypeScript gets as they stand there. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ["lib.es2024.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  rewriteRelativeImportExtensions: true,
  declaration: true,
  declarationMap: true,
  sourceMap: true,
  noEmitOnError: true,
};

/** A TypeScript module in an import or export of a declaration, which TypeScript leaves as it is. */
const IMPORTED = /((?:from|import\()\s*"\.[^"]+)\.ts"/g;

/**
 * Makes JavaScript, declarations and source maps of a module and all that it imports, in `target`, with the folders as
 * they are below `root`. Gives the paths of the sources, from `root` on. Throws what TypeScript complains of.
 */
export function emit({ entry, root, target }: { entry: string; root: string; target: string }): string[] {
  const options = { ...OPTIONS, rootDir: root, outDir: target };
  const program = ts.createProgram([entry], options, ts.createCompilerHost(options));
  const { diagnostics } = program.emit(undefined, (path, text, mark) => {
    ts.sys.writeFile(path, path.endsWith(".d.ts") ? text.replaceAll(IMPORTED, '$1.js"') : text, mark);
  });
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (problems.length > 0) throw new Error(ts.formatDiagnostics(problems, host(root)));
  return program.getSourceFiles().map(({ fileName }) => fileName).filter((path) => path.startsWith(`${root}/`))
    .map((path) => path.slice(root.length + 1));
}

function host(folder: string): ts.FormatDiagnosticsHost {
  return { getCurrentDirectory: () => folder, getCanonicalFileName: (name) => name, getNewLine: () => "\n" };
}
