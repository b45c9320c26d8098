import { chooseData, type ChosenData, type Whereabouts } from "./default_data.ts";

/** The environment of this process, as far as the process may read it. */
export interface Environment {
  readonly env: (name: string) => string | undefined;
  /** The names of the `PAWL_` variables that are set; empty when the process may not list them. */
  readonly names: readonly string[];
  /** The data folder when nobody gives one; `undefined` in a checkout, where that is the option's own default. */
  readonly chosenData?: ChosenData | undefined;
}

/** Opens the environment. With `--allow-env='PAWL_*'` Deno lets no program list the variables. */
export async function openEnvironment(isCompiled: boolean = Deno.build.standalone): Promise<Environment> {
  const { state } = await Deno.permissions.query({ name: "env" });
  const names = state === "granted" ? Object.keys(Deno.env.toObject()) : [];
  return {
    env: (name) => Deno.env.get(name),
    names: names.filter((name) => name.startsWith("PAWL_")),
    chosenData: isCompiled ? chooseData(whereabouts()) : undefined,
  };
}

/** Reads a variable that is no option of Pawl; `undefined` also when the process may not read it. */
export function foreignVariable(name: string): string | undefined {
  return Deno.permissions.querySync({ name: "env", variable: name }).state === "granted"
    ? Deno.env.get(name)
    : undefined;
}

function whereabouts(): Whereabouts {
  return { os: Deno.build.os, env: foreignVariable, cwd: Deno.cwd(), has: isFile };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
