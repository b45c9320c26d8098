/** An instruction of a Dockerfile, with what stands behind its name. */
export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Reads the instructions of a Dockerfile. */
export function parseDockerfile(text: string): Instruction[] {
  return text.replaceAll(/\\\n/g, " ").split("\n").filter((line) => /^[A-Z]+ /.test(line)).map((line) => {
    const [, name = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return { name, rest };
  });
}

/** The words of an instruction in the form `["program", "argument"]`. */
export function wordsOf({ rest }: Instruction): readonly string[] {
  return JSON.parse(rest.slice(rest.indexOf("[")));
}

/** The variables that the last image of the Dockerfile sets. */
export function variablesOf(instructions: readonly Instruction[]): Record<string, string> {
  const last = instructions.slice(instructions.findLastIndex(({ name }) => name === "FROM"));
  const pairs = last.filter(({ name }) => name === "ENV").flatMap(({ rest }) => rest.split(/\s+/));
  return Object.fromEntries(pairs.map((pair) => pair.split("=", 2) as [string, string]));
}
