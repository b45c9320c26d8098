/** Prints a line for who runs the soak. */
export function print(line: string): void {
  // deno-lint-ignore no-console -- a soak tells how it goes
  console.log(line);
}
