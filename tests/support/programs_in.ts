/** Programs that a test has started, and their folder. */
export interface Programs {
  /** Starts one more. */
  start(command: Deno.Command): void;
  /** Kills them, the last one first, waits until they have ended, and removes the folder. */
  stop(): Promise<void>;
}

/** Keeps the programs that work in `folder`. */
export function programsIn(folder: string): Programs {
  const children: Deno.ChildProcess[] = [];
  return {
    start: (command) => void children.push(command.spawn()),
    async stop() {
      for (const child of children.toReversed()) {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended by itself.
        }
        await child.status;
      }
      await Deno.remove(folder, { recursive: true });
    },
  };
}
