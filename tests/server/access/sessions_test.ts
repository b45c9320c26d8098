import { assertEquals, assertMatch } from "@std/assert";
import { cookieIn, newSession, readSession, setCookie, writeSession } from "../../../server/access/sessions.ts";
import { credentialsIn, hashOf, isSecret, newSecret } from "../../../server/access/secret.ts";
import { withoutSecrets } from "../../../server/log.ts";

const key = new Uint8Array(32).fill(1);
const DAY = 86_400_000;

Deno.test("a session is read as it was written, until it expires, and not after any change", () => {
  const session = newSession(hashOf("a"), 1000);
  const text = writeSession(session, key);
  assertEquals(readSession(text, key, 1000), session);
  assertEquals(session.expiresAt, 1000 + 30 * DAY);
  assertEquals(readSession(text, key, session.expiresAt - 1), session);
  assertEquals(readSession(text, key, session.expiresAt), undefined);
  assertEquals(readSession(text, new Uint8Array(32).fill(2), 1000), undefined);
  for (let at = 0; at < text.length; at++) {
    const changed = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    // The last character of base64url has bits that mean nothing.
    if (at !== text.length - 1) assertEquals([at, readSession(changed, key, 1000)], [at, undefined]);
    assertEquals([at, readSession(text.slice(0, at), key, 1000)], [at, undefined]);
  }
  for (const other of ["", ".", `${text}.`, ` ${text}`, text.replace(/^1/, "2")]) {
    assertEquals(readSession(other, key, 1000), undefined);
  }
});

Deno.test("a session ends with its token, and no two sessions have one id", () => {
  assertEquals(newSession("h", 1000, 5000).expiresAt, 5000);
  assertEquals(newSession("h", 0).id === newSession("h", 0).id, false);
});

Deno.test("the cookie is for this host alone, for no script, and over HTTPS for nothing else", () => {
  assertEquals(setCookie("v", 60, { isHttps: false }), "pawl=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict");
  assertEquals(
    setCookie("v", 60, { isHttps: true }),
    "__Host-pawl=v; Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure",
  );
});

Deno.test("the cookie is read by its name, and not when there are two", () => {
  const table: [header: string, isHttps: boolean, value: string | undefined][] = [
    ["pawl=v", false, "v"],
    ["a=b; pawl=v; c=d", false, "v"],
    ["__Host-pawl=v", true, "v"],
    // Another host of the domain may have set it.
    ["pawl=v", true, undefined],
    ["pawl=evil; pawl=v", false, undefined],
    ["xpawl=v", false, undefined],
    ["", false, undefined],
  ];
  for (const [header, isHttps, value] of table) assertEquals([header, cookieIn(header, { isHttps })], [header, value]);
});

Deno.test("a secret has 256 random bits, and is read from Bearer and from the password of Basic", () => {
  const secret = newSecret();
  assertMatch(secret, /^pawl_[\w-]{43}$/);
  assertEquals([isSecret(secret), isSecret(`${secret}x`), newSecret() === secret], [true, false, false]);
  const table: [string, string | undefined][] = [
    [`Bearer ${secret}`, secret],
    [`bearer  ${secret}`, secret],
    [`Basic ${btoa(`anybody:${secret}`)}`, secret],
    [`Basic ${btoa(`:${secret}`)}`, secret],
    [`Basic ${btoa("anybody:a:b")}`, "a:b"],
    ["Basic !", undefined],
    [`Basic ${btoa("anybody")}`, undefined],
    [`Bearer ${secret}, Bearer ${secret}`, undefined],
    [`Digest ${secret}`, undefined],
    [secret, undefined],
    ["", undefined],
  ];
  for (const [header, found] of table) assertEquals([header, credentialsIn(header)?.secret], [header, found]);
  const shown: Record<string, string> = {
    [`/?token=${secret}&a=b`]: "/?token=pawl_…&a=b",
    [`/d/${secret}?download`]: "/d/pawl_…?download",
    [`/d/${secret.replace("_", "%5F")}`]: "/d/pawl_…",
    [`/d/${secret.replace(/.{3}$/, "%41%42%43")}`]: "/d/pawl_…",
    "/?a=b&token=a.fixed-token&c=d": "/?a=b&token=…&c=d",
    "/?access_token=a%20b#password=c": "/?access_token=…#password=…",
    "/?my-token-is=a": "/?my-token-is=a",
  };
  for (const [text, without] of Object.entries(shown)) assertEquals(withoutSecrets(text), without);
});
