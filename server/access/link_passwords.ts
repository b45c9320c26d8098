import { Buffer } from "node:buffer";
import { randomBytes, timingSafeEqual } from "node:crypto";
import { UploadError } from "../errors.ts";
import { unauthorized } from "../http/refusals.ts";
import type { Sender } from "../http/sender.ts";
import type { DownloadLink, KeptPassword } from "../model/link.ts";
import { isOwnAddress } from "../networks.ts";
import type { Guesses } from "./guesses.ts";
import { hashOf } from "./secret.ts";

/** The rounds of PBKDF2-HMAC-SHA-256 that OWASP's Password Storage Cheat Sheet asks for. They take a tenth of a second. */
const ROUNDS = 600_000;

/** The most passwords that wait to be checked. */
const MAX_WAITING = 100;

/** The most right passwords that are remembered, so that the parts of one download do not wait for each check. */
const MAX_REMEMBERED = 1000;

/** Makes what is kept of a password. Tests take fewer rounds. */
export async function keptPassword(password: string, rounds = ROUNDS): Promise<KeptPassword> {
  const salt = new Uint8Array(randomBytes(16));
  return { salt, rounds, result: await stretch(password, salt, rounds) };
}

/**
 * Checks the passwords of download links, one at a time: the check is slow on purpose, and many at once must not take
 * the machine away from uploads. So the wrong ones of an address are counted before its next one is looked at.
 */
export class LinkPasswords {
  readonly #guesses: Guesses;
  readonly #right = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(guesses: Guesses) {
    this.#guesses = guesses;
  }

  /** Throws `unauthorized` for a wrong password, `too-many-guesses`, and `too-many` when too many wait for a check. */
  async check(link: DownloadLink, password: string, sender: Sender): Promise<void> {
    const guess = hashOf(`${link.hash}\n${password}`);
    if (link.password === undefined || this.#right.has(guess)) return;
    if (this.#waiting >= MAX_WAITING) {
      throw new UploadError("too-many", "Too many passwords are being checked: try again in a few seconds");
    }
    this.#waiting++;
    const turn = this.#last.then(() => this.#compare(link.password!, password, { guess, sender }));
    this.#last = turn.catch(() => {}).finally(() => this.#waiting--);
    await turn;
  }

  async #compare(
    { salt, result, rounds }: KeptPassword,
    password: string,
    { guess, sender }: { guess: string; sender: Sender },
  ): Promise<void> {
    // A right token always passes at this machine's own address, because nobody guesses one. Somebody guesses passwords.
    const address = isOwnAddress(sender.address ?? "") ? undefined : sender.address;
    this.#guesses.check(address, guess);
    if (!timingSafeEqual(Buffer.from(await stretch(password, salt, rounds)), Buffer.from(result))) {
      this.#guesses.wrong(address, guess);
      throw unauthorized("This password is wrong");
    }
    this.#guesses.right(address, guess);
    if (this.#right.size >= MAX_REMEMBERED) this.#right.clear();
    this.#right.add(guess);
  }
}

async function stretch(
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(password.normalize("NFC"));
  const key = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveBits"]);
  return new Uint8Array(
    await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 256),
  );
}
