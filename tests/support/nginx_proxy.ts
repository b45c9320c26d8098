import { join } from "@std/path";
import { type Nginx, startNginx } from "./nginx.ts";
import { tempDir } from "./temp_dir.ts";

/** An nginx in front of a server on this machine. */
export interface NginxProxy extends Nginx {
  /** The statuses of its answers to `POST` requests so far, in their order; 499 where the client went away before. */
  posts(): Promise<number[]>;
}

/** Starts nginx in front of the server on that port, with `settings` beside its defaults. */
export async function startNginxBefore(port: number, settings = ""): Promise<NginxProxy> {
  await using open = new AsyncDisposableStack();
  const { path } = open.use(await tempDir());
  const log = join(path, "requests");
  const nginx = open.use(
    await startNginx(path, {
      http: `
  log_format requests "$request_method $status";
  access_log ${log} requests;
  error_log stderr crit;
  ${settings}`,
      server: `location / { proxy_pass http://127.0.0.1:${port}; }`,
    }),
  );
  const kept = open.move();
  return {
    ...nginx,
    async posts() {
      const lines = (await Deno.readTextFile(log)).trim().split("\n");
      return lines.filter((line) => line.startsWith("POST ")).map((line) => Number(line.split(" ")[1]));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
