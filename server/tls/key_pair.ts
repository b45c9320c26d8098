import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { ConfigError } from "../config/config_error.ts";

/** A certificate with its private key, checked: the key belongs to the certificate. */
export interface KeyPair {
  /** The chain in PEM, the server's own certificate first. */
  readonly cert: string;
  /** The private key in PEM. */
  readonly key: string;
  /** The names that the certificate is for, in small letters; one may begin with `*.`. IP addresses are left out. */
  readonly names: readonly string[];
  /** When the certificate begins to count, and when it expires, in milliseconds since 1970. */
  readonly validFrom: number;
  readonly expiresAt: number;
}

/** The texts of the two files, with their paths for messages. */
export interface KeyPairFiles {
  readonly certPath: string;
  readonly cert: string;
  readonly keyPath: string;
  readonly key: string;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/;
const LOCKED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/**
 * Reads a certificate and its key, and checks that they belong together. Throws {@linkcode ConfigError}, whose line says
 * which file is wrong, and how. A certificate that has expired is no error.
 */
export function parseKeyPair({ certPath, cert, keyPath, key }: KeyPairFiles): KeyPair {
  const [own, ...others] = certificatesIn(cert, certPath);
  const privateKey = privateKeyIn(key, keyPath);
  if (!own!.checkPrivateKey(privateKey)) {
    throw new ConfigError(
      others.some((other) => other.checkPrivateKey(privateKey))
        ? `The server's own certificate must be the first in ${certPath}, before those that signed it`
        : `The key in ${keyPath} does not belong to the certificate in ${certPath}: give the two that were made together`,
    );
  }
  return {
    cert,
    key,
    names: namesOf(own!),
    validFrom: Date.parse(own!.validFrom),
    expiresAt: Date.parse(own!.validTo),
  };
}

function certificatesIn(text: string, path: string): X509Certificate[] {
  const parts = text.match(CERTIFICATE) ?? [];
  if (parts.length === 0) {
    const hint = PRIVATE_KEY.test(text)
      ? "it holds a key: were --cert and --key exchanged?"
      : "give a PEM file, which has the line -----BEGIN CERTIFICATE-----";
    throw new ConfigError(`There is no certificate in the file of --cert, ${path}: ${hint}`);
  }
  try {
    return parts.map((part) => new X509Certificate(Buffer.from(part)));
  } catch {
    throw new ConfigError(`A certificate in the file of --cert, ${path}, is damaged: fetch it again`);
  }
}

function privateKeyIn(text: string, path: string): KeyObject {
  if (LOCKED_KEY.test(text)) {
    throw new ConfigError(
      `The key in the file of --key, ${path}, is locked by a passphrase: take that off by openssl pkey -in OLD -out NEW`,
    );
  }
  if (!PRIVATE_KEY.test(text)) {
    throw new ConfigError(
      `There is no private key in the file of --key, ${path}: give a PEM file, which has a line BEGIN PRIVATE KEY`,
    );
  }
  try {
    return createPrivateKey(text);
  } catch {
    throw new ConfigError(`The key in the file of --key, ${path}, is damaged, or of a kind that is not known here`);
  }
}

function namesOf({ subjectAltName }: X509Certificate): string[] {
  return Array.from((subjectAltName ?? "").matchAll(/(?:^|, )DNS:([^,\s"]+)/g), ([, name = ""]) => name.toLowerCase());
}
