import { ConfigError } from "../config/config_error.ts";
import type { Log } from "../log.ts";
import { troubleOf } from "./expiry.ts";
import { type KeyPair, parseKeyPair } from "./key_pair.ts";

/** The files of a certificate. */
export interface CertificateFiles {
  readonly certPath: string;
  readonly keyPath: string;
}

/** Reads a certificate and its key, and checks them. Throws {@linkcode ConfigError}. */
export async function readKeyPair({ certPath, keyPath }: CertificateFiles): Promise<KeyPair> {
  const [cert, key] = await Promise.all([readOr("cert", certPath), readOr("key", keyPath)]);
  return parseKeyPair({ certPath, cert, keyPath, key });
}

async function readOr(flag: string, path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "it is not there"
      : error instanceof Deno.errors.PermissionDenied
      ? "this user may not read it"
      : String(error).replaceAll(/\s+/g, " ");
    throw new ConfigError(`Cannot read the file of --${flag}, ${path}: ${why}`);
  }
}

/** The dependencies of {@linkcode Certificate}. */
export interface CertificateDeps extends CertificateFiles {
  /** The pair that counts at first. */
  readonly pair: KeyPair;
  /** Makes new connections get another pair. Rejects with what the runtime says against the pair. */
  readonly use: (pair: KeyPair) => Promise<void>;
  readonly log: Log;
  /** The machine's clock, in milliseconds since 1970. */
  readonly now: () => number;
}

/** How long the log says nothing again of a certificate that expires. */
const TELL_AGAIN_MS = 86_400_000;

/** The certificate of a running server, which follows its files. */
export class Certificate {
  readonly #deps: CertificateDeps;
  #pair: KeyPair;
  #refused: { readonly why: string; looks: number } | undefined;
  #toldAt = -Infinity;
  #looking = Promise.resolve();

  constructor(deps: CertificateDeps) {
    this.#deps = deps;
    this.#pair = deps.pair;
    this.#tellExpiry();
  }

  /** When the certificate that new connections get expires, in milliseconds since 1970. */
  get expiresAt(): number {
    return this.#pair.expiresAt;
  }

  /**
   * Reads the files, and takes a pair over that differs. A pair that is wrong changes nothing, and the log says why: at
   * the second look that finds the same, because a program may write the two files at this moment, or at once when a
   * person `asks`. Looks run one after the other; none rejects.
   */
  look(asks = false): Promise<void> {
    return this.#looking = this.#looking.then(() => this.#look(asks));
  }

  async #look(asks: boolean): Promise<void> {
    const { log, use } = this.#deps;
    try {
      const pair = await readKeyPair(this.#deps);
      if (pair.cert !== this.#pair.cert || pair.key !== this.#pair.key) {
        await use(pair);
        this.#pair = pair;
        this.#toldAt = -Infinity;
        log.info("New connections get the new certificate, which expires on {day}", {
          day: new Date(pair.expiresAt).toISOString().slice(0, 10),
        });
      }
      this.#refused = undefined;
    } catch (error) {
      const why = error instanceof ConfigError ? error.message : String(error);
      const seen = this.#refused?.why === why ? this.#refused : { why, looks: 0 };
      seen.looks++;
      this.#refused = seen;
      if (asks || seen.looks === 2) {
        log.error("Cannot take the new certificate over, so the one before stays: {why}", { why });
      }
    }
    this.#tellExpiry();
  }

  #tellExpiry(): void {
    const { log, now } = this.#deps;
    const trouble = troubleOf(this.#pair, now());
    if (trouble === undefined || now() - this.#toldAt < TELL_AGAIN_MS) return;
    this.#toldAt = now();
    log.warning("{trouble}", { trouble });
  }
}
