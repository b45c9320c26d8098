import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "../../../server/config/config_error.ts";
import { type KeyPairFiles, parseKeyPair } from "../../../server/tls/key_pair.ts";
import { makeCertificate } from "../../support/certificates.ts";

const from = Date.UTC(2026, 0, 1);
const to = Date.UTC(2027, 0, 1);
const own = await makeCertificate({ names: ["Up.example", "*.up.example"], from, to });
const other = await makeCertificate();
const paths = { certPath: "c.pem", keyPath: "k.pem" };

function refusalOf(files: Partial<KeyPairFiles>): string {
  return assertThrows(() => parseKeyPair({ ...paths, ...own, ...files }), ConfigError).message;
}

Deno.test("parseKeyPair() gives the names and the time of the first certificate of a chain", () => {
  const cert = `a note\n${own.cert}${other.cert}`;
  assertEquals(parseKeyPair({ ...paths, cert, key: own.key }), {
    cert,
    key: own.key,
    names: ["up.example", "*.up.example"],
    validFrom: from,
    expiresAt: to,
  });
});

Deno.test("parseKeyPair() says in one line which file is wrong, and how", () => {
  const locked = own.key.replaceAll("PRIVATE", "ENCRYPTED PRIVATE");
  const oldLocked = own.key.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n");
  const cut = (text: string) => text.replace(/\n.{64}\n/, "\n");
  for (
    const [files, line] of [
      [{ cert: "" }, "There is no certificate in the file of --cert, c.pem: give a PEM file, which has the line"],
      [{ cert: own.key, key: own.cert }, "no certificate in the file of --cert, c.pem: it holds a key: were"],
      [{ cert: cut(own.cert) }, "A certificate in the file of --cert, c.pem, is damaged"],
      [{ key: "" }, "There is no private key in the file of --key, k.pem: give a PEM file"],
      [{ key: own.cert }, "There is no private key in the file of --key, k.pem"],
      [{ key: cut(own.key) }, "The key in the file of --key, k.pem, is damaged"],
      [{ key: locked }, "The key in the file of --key, k.pem, is locked by a passphrase"],
      [{ key: oldLocked }, "The key in the file of --key, k.pem, is locked by a passphrase"],
      [{ key: other.key }, "The key in k.pem does not belong to the certificate in c.pem"],
      [{ cert: other.cert + own.cert }, "The server's own certificate must be the first in c.pem"],
    ] as const
  ) {
    const message = refusalOf(files);
    assertEquals([message.includes(line), message.includes("\n"), message], [true, false, message]);
  }
});

Deno.test("parseKeyPair() takes no longer for a long file than it is long", () => {
  const cert = "-----BEGIN CERTIFICATE-----\n".repeat(40_000);
  assertEquals(refusalOf({ cert }).startsWith("There is no certificate in"), true);
});
