import { setTimeout as delay } from "node:timers/promises";
import { join } from "@std/path";
import { request } from "../client.ts";
import type { Peer } from "./peer.ts";
import { freePort, startProcess } from "./process.ts";

/** Debian's place is not on every user's path. */
const PLACES = ["nginx", "/usr/sbin/nginx"];

const READY_MS = 5000;

/** The usual web server: WebDAV's `PUT` into a folder, and `GET` from it. */
export const nginx: Peer = {
  name: "nginx",
  note: "WebDAV PUT, one process: answers before the bytes are on disk",
  missing: async () => await findNginx() === undefined ? "nginx with WebDAV is not installed" : undefined,
  async start(dir, signal) {
    const port = freePort();
    const config = join(dir, "nginx.conf");
    await Deno.writeTextFile(config, configOf(dir, port));
    await Deno.mkdir(join(dir, "files"));
    const server = startProcess(await findNginx() ?? "nginx", ["-p", dir, "-c", config, "-e", "stderr"], dir);
    const address = (file: { name: string }) => `http://127.0.0.1:${port}/${file.name}`;
    try {
      await ready(port, signal);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return {
      pid: server.pid,
      upload: async (file, signal) => void await request({ method: "PUT", url: address(file), file }, signal),
      received: (file) => join(dir, "files", file.name),
      address,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

async function findNginx(): Promise<string | undefined> {
  for (const place of PLACES) {
    try {
      const { stderr } = await new Deno.Command(place, { args: ["-V"], stdin: "null" }).output();
      if (new TextDecoder().decode(stderr).includes("http_dav_module")) return place;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

async function ready(port: number, signal: AbortSignal): Promise<void> {
  for (let waited = 0;; waited += 20) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused) || waited >= READY_MS) throw error;
      await delay(20, undefined, { signal });
    }
  }
}

/** As Debian configures it where that matters; all that it writes lies in `dir`, so that a finished body is only renamed. */
function configOf(dir: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
    `  ${name}_temp_path ${dir}/${name};`
  );
  return `
daemon off;
master_process off;
pid ${dir}/nginx.pid;
error_log stderr error;
events { worker_connections 768; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  client_max_body_size 0;
${temporary.join("\n")}
  server {
    listen 127.0.0.1:${port};
    root ${dir}/files;
    location / { dav_methods PUT; create_full_put_path on; }
  }
}
`;
}
