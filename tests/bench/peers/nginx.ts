import { join } from "@std/path";
import { findNginx, startNginx } from "../../support/nginx.ts";
import { request } from "../client.ts";
import type { Peer } from "./peer.ts";

/** The usual web server: WebDAV's `PUT` into a folder, and `GET` from it. */
export const nginx: Peer = {
  name: "nginx",
  note: "WebDAV PUT, one process: answers before the bytes are on disk",
  missing: async () =>
    await findNginx("http_dav_module") === undefined ? "nginx with WebDAV is not installed" : undefined,
  async start(dir, signal) {
    await Deno.mkdir(join(dir, "files"));
    const server = await startNginx(dir, webDav(dir), signal);
    const address = (file: { name: string }) => `${server.url}/${file.name}`;
    return {
      pid: server.pid,
      upload: async (file, signal) => void await request({ method: "PUT", url: address(file), file }, signal),
      received: (file) => join(dir, "files", file.name),
      address,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};

/** Bodies and files lie in one folder, so that a finished body is only renamed. */
function webDav(dir: string): { http: string; server: string } {
  return {
    http: "access_log off; error_log stderr error; sendfile on; tcp_nopush on; client_max_body_size 0;",
    server: `root ${dir}/files; location / { dav_methods PUT; create_full_put_path on; }`,
  };
}
