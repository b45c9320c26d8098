import { join } from "@std/path";

/** A certificate for `localhost`, signed by itself. */
export interface Certificate {
  /** The path of the certificate, as PEM. */
  readonly path: string;
  /** The path of its key. */
  readonly keyPath: string;
  /** The path of a file with both, as HAProxy wants them. */
  readonly bothPath: string;
  readonly pem: string;
}

interface Pair {
  readonly pem: string;
  readonly key: string;
}

let pair: Promise<Pair> | undefined;

/** Writes the certificate of this process into `dir`. Its first use makes it, by `openssl`. */
export async function writeCertificate(dir: string): Promise<Certificate> {
  const { pem, key } = await (pair ??= makePair());
  const write = async (name: string, text: string) => {
    const path = join(dir, name);
    await Deno.writeTextFile(path, text);
    return path;
  };
  return {
    pem,
    path: await write("cert.pem", pem),
    keyPath: await write("key.pem", key),
    bothPath: await write("both.pem", pem + key),
  };
}

async function makePair(): Promise<Pair> {
  const { success, stdout, stderr } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
      // Deno takes no certificate of an authority for a server's own.
      ...["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", "-", "-out", "-"],
    ],
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const [key = "", pem = ""] = new TextDecoder().decode(stdout).split(/(?=-----BEGIN CERTIFICATE)/);
  return { pem, key };
}
