import { join } from "@std/path";
import { startListening } from "./listening.ts";

/** Debian's place is not on every user's path. */
const PLACES = ["nginx", "/usr/sbin/nginx"];

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
  const server = await startListening({
    program,
    dir,
    args: ["-p", dir, "-c", config, "-e", "stderr"],
    configure: (port) => Deno.writeTextFile(config, configOf(dir, port, settings)),
    signal,
  });
  return { ...server, url: `http://127.0.0.1:${server.port}` };
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
