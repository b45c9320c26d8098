import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { ConfigError } from "../../../server/config/config_error.ts";
import { Certificate, readKeyPair } from "../../../server/tls/certificate.ts";
import type { KeyPair } from "../../../server/tls/key_pair.ts";
import { makeCertificate, writeCertificate } from "../../support/certificates.ts";
import { type MemoryLog, memoryLog } from "../../support/log.ts";
import { tempDir } from "../../support/temp_dir.ts";

const DAY_MS = 86_400_000;

/** What the log has at a level. */
function told({ lines }: MemoryLog, level: "warning" | "error"): string[] {
  return lines.filter((line) => line.startsWith(`${level}: `));
}
const [first, second] = [await makeCertificate(), await makeCertificate()];

async function watched(folder: string, { now = Date.now, isRefused = false } = {}) {
  const { certFile: certPath, keyFile: keyPath } = await writeCertificate(folder, first);
  const log = memoryLog();
  const used: KeyPair[] = [];
  const pair = await readKeyPair({ certPath, keyPath });
  const use = (pair: KeyPair) => {
    if (isRefused) return Promise.reject(new ConfigError("HTTPS does not work with that"));
    used.push(pair);
    return Promise.resolve();
  };
  return { certPath, keyPath, log, used, certificate: new Certificate({ certPath, keyPath, pair, use, log, now }) };
}

Deno.test("a certificate whose files have changed is taken over once", async () => {
  await using dir = await tempDir();
  const { certPath, keyPath, used, certificate } = await watched(dir.path);
  await certificate.look();
  assertEquals(used.length, 0);
  for (const name of ["cert", "key"] as const) {
    await Deno.writeTextFile(join(dir.path, "next"), second[name]);
    await Deno.rename(join(dir.path, "next"), name === "cert" ? certPath : keyPath);
  }
  await Promise.all([certificate.look(), certificate.look()]);
  assertEquals(used.map(({ cert, key }) => ({ cert, key })), [second]);
});

Deno.test("a pair that does not match yet changes nothing, and is an error in the log at the second look, once", async () => {
  await using dir = await tempDir();
  const { certPath, keyPath, log, used, certificate } = await watched(dir.path);
  await Deno.writeTextFile(certPath, second.cert);
  await certificate.look();
  assertEquals([used.length, told(log, "error")], [0, []]);
  for (let look = 0; look < 3; look++) await certificate.look();
  assertEquals([used.length, told(log, "error").length], [0, 1]);
  assertStringIncludes(told(log, "error")[0]!, "does not belong to the certificate");
  await Deno.writeTextFile(keyPath, second.key);
  await certificate.look();
  assertEquals(used.length, 1);
});

Deno.test("a person who asks hears at once what is wrong, and each time", async () => {
  await using dir = await tempDir();
  const { keyPath, log, certificate } = await watched(dir.path);
  await Deno.remove(keyPath);
  await certificate.look(true);
  await certificate.look(true);
  assertEquals(told(log, "error").length, 2);
  assertStringIncludes(told(log, "error")[0]!, `Cannot read the file of --key, ${keyPath}: it is not there`);
});

Deno.test("a pair that the runtime does not take leaves the one before", async () => {
  await using dir = await tempDir();
  const { certPath, log, certificate } = await watched(dir.path, { isRefused: true });
  const { expiresAt } = certificate;
  await writeCertificate(dir.path, await makeCertificate({ to: Date.now() + 99 * DAY_MS }));
  await certificate.look(true);
  assertEquals(certificate.expiresAt, expiresAt);
  assertStringIncludes(told(log, "error")[0]!, "the one before stays: HTTPS does not work with that");
  assertEquals(certPath.endsWith("cert.pem"), true);
});

Deno.test("a certificate that expires soon is told of once a day, until there is another one", async () => {
  await using dir = await tempDir();
  let time = Date.now() + 40 * DAY_MS;
  const { log, certificate } = await watched(dir.path, { now: () => time });
  await certificate.look();
  assertEquals(told(log, "warning").length, 1);
  time += DAY_MS;
  for (let look = 0; look < 3; look++) await certificate.look();
  assertEquals(told(log, "warning").length, 2);
  assertStringIncludes(told(log, "warning")[1]!, "in 9 days: renew it");
  await writeCertificate(dir.path, await makeCertificate({ to: time + 99 * DAY_MS }));
  time += DAY_MS;
  await certificate.look();
  assertEquals(told(log, "warning").length, 2);
});

Deno.test("a file that is missing is told by its option", async () => {
  await using dir = await tempDir();
  const { certFile, keyFile } = await writeCertificate(dir.path, first);
  const missing = join(dir.path, "none.pem");
  for (
    const [files, flag] of [
      [{ certPath: missing, keyPath: keyFile }, "--cert"],
      [{ certPath: certFile, keyPath: missing }, "--key"],
    ] as const
  ) {
    const { message } = await assertRejects(() => readKeyPair(files), ConfigError);
    assertEquals(message, `Cannot read the file of ${flag}, ${missing}: it is not there`);
  }
});
