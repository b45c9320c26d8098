import { Buffer } from "node:buffer";
import { createHash, X509Certificate } from "node:crypto";
import { join } from "@std/path";

/** A certificate that has signed itself, and its key, in PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** The contents of a certificate. */
export interface CertificateWishes {
  readonly names?: readonly string[];
  /** When it counts, in milliseconds since 1970; the hundred days around now by default. */
  readonly from?: number;
  readonly to?: number;
}

const DAY_MS = 86_400_000;

/** Makes a certificate for `localhost` and 127.0.0.1, or for other names, by no program. */
export async function makeCertificate(
  { names = ["localhost"], from = Date.now() - 50 * DAY_MS, to = Date.now() + 50 * DAY_MS }: CertificateWishes = {},
): Promise<TestCertificate> {
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const { publicKey, privateKey } = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  const algorithm = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const name = sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, text(`test ${crypto.randomUUID()}`)))));
  const subjectNames = sequence(
    ...names.map((name) => der(0x82, text(name))),
    der(0x87, Uint8Array.of(127, 0, 0, 1)),
  );
  const body = sequence(
    der(0xa0, integer(Uint8Array.of(2))),
    integer(crypto.getRandomValues(new Uint8Array(8))),
    algorithm,
    name,
    sequence(time(from), time(to)),
    name,
    new Uint8Array(await crypto.subtle.exportKey("spki", publicKey)),
    der(0xa3, sequence(sequence(oid(0x55, 0x1d, 0x11), der(0x04, subjectNames)))),
  );
  const signed = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, body);
  const [r, s] = [new Uint8Array(signed, 0, 32), new Uint8Array(signed, 32)];
  const signature = sequence(integer(r), integer(s));
  return {
    cert: pem("CERTIFICATE", sequence(body, algorithm, der(0x03, Uint8Array.of(0), signature))),
    key: pem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey))),
  };
}

/** Writes a certificate and its key into a folder, and gives the options that name them. */
export async function writeCertificate(
  folder: string,
  { cert, key }: TestCertificate,
): Promise<{ certFile: string; keyFile: string }> {
  const files = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
  await Deno.writeTextFile(files.certFile, cert);
  await Deno.writeTextFile(files.keyFile, key);
  return files;
}

/** The SHA-256 of a certificate's key (its SubjectPublicKeyInfo), in base64. */
export function keyHashOf({ cert }: TestCertificate): string {
  const key = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

// The rest writes DER (ITU-T X.690), as far as a certificate needs it.

type Bytes = Uint8Array<ArrayBuffer>;

function der(tag: number, ...parts: readonly Bytes[]): Bytes {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 255];
  return new Uint8Array(Buffer.concat([Uint8Array.from(head), content]));
}

function sequence(...parts: readonly Bytes[]): Bytes {
  return der(0x30, ...parts);
}

function oid(...bytes: number[]): Bytes {
  return der(0x06, Uint8Array.from(bytes));
}

/** A positive integer: without zeros before it, but with one where the first bit would mean a minus. */
function integer(bytes: Bytes): Bytes {
  const start = bytes.findIndex((byte) => byte !== 0);
  const rest = bytes.slice(Math.max(start, 0));
  return rest[0]! >= 128 ? der(0x02, Uint8Array.of(0), rest) : der(0x02, rest);
}

function time(at: number): Bytes {
  return der(0x18, text(`${new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/g, "")}`));
}

function text(value: string): Bytes {
  return new TextEncoder().encode(value);
}

function pem(label: string, bytes: Bytes): string {
  const lines = Buffer.from(bytes).toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
