/** The words that start this program: the name of the binary, or Deno's command in a checkout. */
export const PROGRAM = Deno.build.standalone ? "pawl" : "deno run -A main.ts";
