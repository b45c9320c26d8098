import { join } from "@std/path";
import { type Certificate, writeCertificate } from "./certificate.ts";
import { type Listening, startListening } from "./listening.ts";
import { programTest } from "./programs.ts";
import { tempDir } from "./temp_dir.ts";

/** The proxies of `deploy/proxies` that Debian has. */
export type ProxyName = "nginx" | "caddy" | "haproxy" | "apache";

/** A proxy with TLS and HTTP/2 in front of a server on this machine. */
export interface ReverseProxy extends AsyncDisposable {
  readonly port: number;
  /** Its address, `https://localhost:PORT`. */
  readonly url: string;
  readonly certificate: Certificate;
}

/** What differs from one machine to the next in a proxy's configuration. */
interface Places {
  readonly dir: string;
  /** The port on which the proxy listens. */
  readonly port: number;
  /** The port of the server behind it. */
  readonly upstream: number;
  readonly second: number;
  readonly certificate: Certificate;
}

interface Kind {
  readonly program: string;
  /** The name of the recipe in `deploy/proxies`. */
  readonly recipe: string;
  /** The least that passes requests on, as somebody writes it who begins. */
  readonly plain: string;
  /** The arguments, for a configuration at this path. */
  args(config: string, dir: string): string[];
  /** The signal that ends it. Default: `SIGKILL`. */
  readonly end?: Deno.Signal;
  /** The configuration of the whole program, with this one in it. */
  whole(site: string, places: Pick<Places, "dir" | "port">): string;
}

const APACHE_MODULES = ["authz_core", "headers", "http2", "mpm_event", "proxy", "proxy_http", "reqtimeout", "ssl"];
const CERT = "/etc/ssl/certs/files.example.com.pem";
const KEY = "/etc/ssl/private/files.example.com.key";

/** Each proxy, by its name. */
export const PROXIES: Readonly<Record<ProxyName, Kind>> = {
  nginx: {
    program: "/usr/sbin/nginx",
    recipe: "nginx.conf",
    plain: `
server {
  listen 443 ssl http2;
  ssl_certificate ${CERT};
  ssl_certificate_key ${KEY};
  location / { proxy_pass http://127.0.0.1:8080; }
}`,
    args: (config, dir) => ["-p", dir, "-c", config, "-e", "stderr"],
    whole: (site, { dir }) => `
daemon off;
master_process off;
pid ${dir}/nginx.pid;
events { worker_connections 768; }
http {
  access_log off;
  error_log ${dir}/error.log crit;
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path ${dir}/${name};`).join("\n")}
${site}
}`,
  },
  caddy: {
    program: "/usr/bin/caddy",
    recipe: "Caddyfile",
    plain: `
files.example.com {
	# tls ${CERT} ${KEY}
	reverse_proxy 127.0.0.1:8080
}`,
    args: (config) => ["run", "--adapter", "caddyfile", "--config", config],
    whole: (site, { dir }) => `
{
	admin off
	auto_https disable_redirects
	storage file_system ${dir}/storage
}
${site}`,
  },
  haproxy: {
    program: "/usr/sbin/haproxy",
    recipe: "haproxy.cfg",
    // The part "defaults" is Debian's own.
    plain: `
defaults
  mode http
  timeout connect 5000
  timeout client 50000
  timeout server 50000
frontend plain
  bind :443 ssl crt /etc/haproxy/files.example.com.pem alpn h2,http/1.1
  default_backend plain
backend plain
  server plain 127.0.0.1:8080
`,
    args: (config) => ["-q", "-db", "-f", config],
    whole: (site) => site,
  },
  apache: {
    program: "/usr/sbin/apache2",
    recipe: "apache.conf",
    plain: `
<VirtualHost *:443>
  SSLEngine on
  SSLCertificateFile ${CERT}
  SSLCertificateKeyFile ${KEY}
  Protocols h2 http/1.1
  ProxyPass / http://127.0.0.1:8080/
</VirtualHost>`,
    args: (config, dir) => ["-DFOREGROUND", "-d", dir, "-f", config],
    // One process alone (-X) speaks no HTTP/2, and its children outlive one that is killed.
    end: "SIGTERM",
    whole: (site, { dir, port }) => `
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${dir}/apache.pid
DefaultRuntimeDir ${dir}
ErrorLog ${dir}/error.log
StartServers 1
ServerLimit 2
MaxRequestWorkers 50
User www-data
Group www-data
${APACHE_MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n")}
# As Debian has it.
RequestReadTimeout header=20-40,minrate=500
RequestReadTimeout body=10,minrate=500
Timeout 300
${site}`,
  },
};

/** The options of {@linkcode startReverseProxy}. */
export interface ReverseProxyOptions {
  /** The port of the server behind it. */
  readonly upstream: number;
  /** The port of a second server, for the recipe of many. */
  readonly second?: number;
  /** The file of `deploy/proxies`, the one there for many instances, or the least that passes requests on. */
  readonly config: "recipe" | "many" | "plain";
  /** Changes that. */
  readonly change?: (config: string) => string;
}

/** A test that needs a proxy, `openssl` and `curl`. */
export function proxyTest(proxy: ProxyName, name: string, run: () => Promise<void>): void {
  const programs = [PROXIES[proxy].program, "/usr/bin/openssl", "/usr/bin/curl"];
  programTest(name, { programs, run });
}

/** Starts a proxy on a free port, and returns when it listens. Use with `await using`. */
export async function startReverseProxy(
  name: ProxyName,
  { upstream, second = upstream, config, change = (text) => text }: ReverseProxyOptions,
): Promise<ReverseProxy> {
  await using open = new AsyncDisposableStack();
  const { path: dir } = open.use(await tempDir());
  const { program, recipe, plain, args, end, whole } = PROXIES[name];
  const file = config === "many" ? recipe.replace(".", "-many.") : recipe;
  const site = change(
    config === "plain" ? plain : await Deno.readTextFile(new URL(`../../deploy/proxies/${file}`, import.meta.url)),
  );
  const certificate = await writeCertificate(dir);
  const path = join(dir, "proxy.conf");
  const listening: Listening = open.use(
    await startListening({
      program,
      dir,
      args: args(path, dir),
      end,
      async configure(port) {
        const places = { dir, port, upstream, second, certificate };
        await Deno.writeTextFile(path, whole(placed(site, places), places));
      },
    }),
  );
  const kept = open.move();
  return {
    port: listening.port,
    url: `https://localhost:${listening.port}`,
    certificate,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Puts ports, name and certificate of this machine into a configuration, and changes nothing else. */
function placed(site: string, { port, upstream, second, certificate }: Places): string {
  const texts: readonly [from: string | RegExp, to: string][] = [
    [/# tls (?=\/)/g, "tls "],
    [CERT, certificate.path],
    [KEY, certificate.keyPath],
    ["/etc/haproxy/files.example.com.pem", certificate.bothPath],
    ["127.0.0.1:8080", `127.0.0.1:${upstream}`],
    ["127.0.0.1:8081", `127.0.0.1:${second}`],
    [/^files\.example\.com \{/gm, `https://localhost:${port} {\n\tbind 127.0.0.1`],
    ["server_name files.example.com", "server_name localhost"],
    ["ServerName files.example.com", "ServerName localhost"],
    [/^(\s*(?:listen|bind)) :?443 /gm, `$1 127.0.0.1:${port} `],
    ["<VirtualHost *:443>", `<VirtualHost *:${port}>`],
  ];
  return texts.reduce((text, [from, to]) => text.replaceAll(from, to), site);
}
