import { join } from "@std/path";
import { startServer, type TestServer, type Wishes } from "./pawl.ts";
import { makeCertificate, type TestCertificate, writeCertificate } from "./certificates.ts";
import { startPawl } from "./process.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

/** A server that speaks HTTPS, and what its clients need. */
export interface HttpsServer extends AsyncDisposable {
  readonly server: TestServer;
  /** The certificate with which it began. */
  readonly first: TestCertificate;
  /** Writes another certificate over the first one, and gives it. The server has not read it yet. */
  replace(): Promise<TestCertificate>;
}

/** Starts a server with a certificate of its own; use with `await using`. */
export async function startHttps(wishes: Wishes = {}): Promise<HttpsServer> {
  await using open = new AsyncDisposableStack();
  const { path } = open.use(await tempDir());
  const first = await makeCertificate();
  const server = open.use(await startServer({ ...await writeCertificate(path, first), ...wishes }));
  const kept = open.move();
  return {
    server,
    first,
    async replace() {
      const next = await makeCertificate();
      await writeCertificate(path, next);
      return next;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A server process of its own that speaks HTTPS, and whose certificate changes. */
export interface RenewedServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly data: string;
  /** The certificate with which it began. */
  readonly first: TestCertificate;
  /** Gives another certificate to new connections; returns when the server says that they get it. */
  renew(): Promise<TestCertificate>;
}

/**
 * Starts a server process with a certificate that will change. A program that this process starts has its sockets for a
 * moment, also those that were closed just now: a server here would be reached at one that nobody accepts from.
 */
export async function startRenewed({ args = [] }: { args?: readonly string[] } = {}): Promise<RenewedServer> {
  await using open = new AsyncDisposableStack();
  const { path } = open.use(await tempDir());
  const data = join(path, "data");
  const first = await makeCertificate();
  const { certFile, keyFile } = await writeCertificate(path, first);
  const pawl = open.use(await startPawl(data, { args: ["--cert", certFile, "--key", keyFile, ...args] }));
  const kept = open.move();
  let renewals = 0;
  return {
    url: pawl.url,
    port: pawl.port,
    data,
    first,
    async renew() {
      const next = await makeCertificate();
      await writeCertificate(path, next);
      pawl.signal("SIGHUP");
      renewals++;
      const told = () => pawl.output().split("New connections get the new certificate").length - 1;
      await until(() => told() === renewals, "new connections get the new certificate");
      return next;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A client that trusts these certificates and no others. */
export interface TrustingClient extends Disposable {
  fetch(url: string, init?: RequestInit): Promise<Response>;
}

/** Makes a client, by default for HTTP/2; use with `using`. */
export function trusting(certificates: readonly TestCertificate[], { http2 = true } = {}): TrustingClient {
  const client = Deno.createHttpClient({
    caCerts: certificates.map(({ cert }) => cert),
    http1: !http2,
    http2,
  });
  return {
    fetch: (url, init) => fetch(url, { ...init, client } as RequestInit),
    [Symbol.dispose]: () => client.close(),
  };
}

/** Connects for HTTP/1.1 with a trusted certificate. Throws when the server has another one. */
export async function connectTrusting(port: number, { cert }: TestCertificate): Promise<Deno.TlsConn> {
  const connection = await Deno.connectTls({
    hostname: "127.0.0.1",
    port,
    caCerts: [cert],
    alpnProtocols: ["http/1.1"],
  });
  try {
    await connection.handshake();
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
