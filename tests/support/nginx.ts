import { setTimeout as delay } from "node:timers/promises";
import { join } from "@std/path";
import { freePort, type ServerProcess, startProcess } from "../bench/peers/process.ts";

/** Debian's place is not on every user's path. */
const PLACES = ["nginx", "/usr/sbin/nginx"];

const READY_MS = 5000;

/** An nginx of one process on this machine. */
export interface Nginx extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
}

/** The lines of its configuration besides those that every nginx needs. */
export interface NginxSettings {
  /** Lines of the block `http`. */
  readonly http: string;
  /** Lines of the block `server`. */
  readonly server: string;
}

/** The path of nginx, if it is installed and was built with this module. */
export async function findNginx(module = ""): Promise<string | undefined> {
  for (const place of PLACES) {
    try {
      const { stderr } = await new Deno.Command(place, { args: ["-V"], stdin: "null" }).output();
      if (new TextDecoder().decode(stderr).includes(module)) return place;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Starts nginx on a free port, and returns when it listens; all that it writes lies in `dir`. */
export async function startNginx(dir: string, settings: NginxSettings, signal?: AbortSignal): Promise<Nginx> {
  const config = join(dir, "nginx.conf");
  const program = await findNginx() ?? "nginx";
  for (let tries = 1;; tries++) {
    const port = freePort();
    await Deno.writeTextFile(config, configOf(dir, port, settings));
    const server = startProcess(program, ["-p", dir, "-c", config, "-e", "stderr"], dir);
    try {
      if (await isReady(port, server, signal)) return { ...server, port, url: `http://127.0.0.1:${port}` };
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    await server[Symbol.asyncDispose]();
    // Another program may have taken the port meanwhile.
    if (tries === 3) throw new Error("nginx ended before it was ready");
  }
}

/** Waits until it listens; false when it ends before. */
async function isReady(port: number, server: ServerProcess, signal?: AbortSignal): Promise<boolean> {
  let hasEnded = false;
  server.ended.then(() => hasEnded = true);
  for (let waitedMs = 0; !hasEnded; waitedMs += 20) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return !hasEnded;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused) || waitedMs >= READY_MS) throw error;
    }
    await delay(20, undefined, signal === undefined ? {} : { signal });
  }
  return false;
}

/** As Debian configures it where that matters. */
function configOf(dir: string, port: number, { http, server }: NginxSettings): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
    `  ${name}_temp_path ${dir}/${name};`
  );
  return `
daemon off;
master_process off;
pid ${dir}/nginx.pid;
events { worker_connections 768; }
http {
${temporary.join("\n")}
  ${http}
  server {
    listen 127.0.0.1:${port};
    ${server}
  }
}
`;
}
