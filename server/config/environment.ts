/** The environment of this process, as far as the process may read it. */
export interface Environment {
  readonly env: (name: string) => string | undefined;
  /** The names of the `PAWL_` variables that are set; empty when the process may not list them. */
  readonly names: readonly string[];
}

/** Opens the environment. With `--allow-env='PAWL_*'` Deno lets no program list the variables. */
export async function openEnvironment(): Promise<Environment> {
  const { state } = await Deno.permissions.query({ name: "env" });
  const names = state === "granted" ? Object.keys(Deno.env.toObject()) : [];
  return { env: (name) => Deno.env.get(name), names: names.filter((name) => name.startsWith("PAWL_")) };
}
