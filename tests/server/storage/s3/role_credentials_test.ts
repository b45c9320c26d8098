import { assertEquals, assertRejects } from "@std/assert";
import { roleSource } from "../../../../server/storage/s3/role_credentials.ts";

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A source whose questions are answered by `answer`, at a time that the test sets. */
function source(
  env: Readonly<Record<string, string>>,
  answer: (asked: Asked) => Response,
  files: Readonly<Record<string, string>> = {},
) {
  const asked: Asked[] = [];
  const clock = { now: 0 };
  const credentials = roleSource({
    env: (name) => env[name],
    read: (path) => Promise.resolve(files[path]),
    region: "eu-west-1",
    now: () => clock.now,
    async fetch(input, init) {
      const request = new Request(input, init);
      const { method, url, headers } = request;
      asked.push({ method, url, headers, body: await request.text() });
      return answer(asked.at(-1)!);
    },
  });
  return { credentials, asked, clock };
}

const lent = (key: string, expiresAt: number) =>
  Response.json({
    AccessKeyId: key,
    SecretAccessKey: "secret",
    Token: "token",
    Expiration: new Date(expiresAt).toISOString(),
  });

const HOUR = 60 * 60 * 1000;

Deno.test("a pod's role gives a key for the token in a file", async () => {
  const env = { AWS_WEB_IDENTITY_TOKEN_FILE: "/token", AWS_ROLE_ARN: "arn:x" };
  const xml = `<R><Credentials><SessionToken>token</SessionToken><SecretAccessKey>a&amp;b</SecretAccessKey>` +
    `<Expiration>2100-01-01T00:00:00Z</Expiration><AccessKeyId>key</AccessKeyId></Credentials></R>`;
  const { credentials, asked } = source(env, () => new Response(xml), { "/token": "identity\n" });
  assertEquals(await credentials(), { key: "key", secret: "a&b", sessionToken: "token" });
  const [{ method, url, body }] = asked as [Asked];
  assertEquals([method, url], ["POST", "https://sts.eu-west-1.amazonaws.com/"]);
  assertEquals(new URLSearchParams(body).get("WebIdentityToken"), "identity");
  const refused = source(env, () => new Response("<E><Message>No\nrole</Message></E>", { status: 403 }), {
    "/token": "x",
  });
  await assertRejects(refused.credentials, Error, "answered 403 No role");
  await assertRejects(source(env, () => lent("k", HOUR)).credentials, Error, 'the file "/token", which is not there');
});

Deno.test("a container's role gives a key, from an address on this machine or by https alone", async () => {
  const env = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1",
    AWS_CONTAINER_AUTHORIZATION_TOKEN: "t",
  };
  const { credentials, asked } = source(env, () => lent("key", HOUR));
  assertEquals((await credentials()).key, "key");
  assertEquals([asked[0]!.url, asked[0]!.headers.get("authorization")], ["http://169.254.170.23/v1", "t"]);
  const relative = source({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/x" }, () => lent("key", HOUR));
  await relative.credentials();
  assertEquals(relative.asked[0]!.url, "http://169.254.170.2/v2/x");
  for (
    const url of ["http://evil.example/", "http://127.evil.example/x", "file:///x", "http://169.254.170.2.evil.example"]
  ) {
    const other = source({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url }, () => lent("key", HOUR));
    await assertRejects(other.credentials, Error, "no address on this machine");
    assertEquals(other.asked, []);
  }
});

Deno.test("a machine's role gives a key, once its metadata service has given a token", async () => {
  const { credentials, asked } = source(
    {},
    ({ url }) =>
      url.endsWith("/api/token")
        ? new Response("t")
        : url.endsWith("/security-credentials/")
        ? new Response("my role\n")
        : lent("key", HOUR),
  );
  assertEquals((await credentials()).key, "key");
  const root = "http://169.254.169.254/latest";
  const path = `${root}/meta-data/iam/security-credentials/`;
  assertEquals(asked.map(({ url }) => url), [`${root}/api/token`, path, `${path}my%20role`]);
  assertEquals(asked[2]!.headers.get("x-aws-ec2-metadata-token"), "t");
  const none = source({}, () => new Response(null, { status: 404 }));
  await assertRejects(none.credentials, Error, "There is no key for the bucket: put KEY:SECRET@");
  const off = source({ AWS_EC2_METADATA_DISABLED: "true" }, () => lent("key", HOUR));
  await assertRejects(off.credentials, Error, "There is no key");
  assertEquals(off.asked, []);
});

Deno.test("a key is kept until shortly before its end, and all who ask at once get one answer", async () => {
  let count = 0;
  let isAway = false;
  const env = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x" };
  const { credentials, asked, clock } = source(env, () => {
    if (isAway) return new Response(null, { status: 500 });
    return lent(`key ${++count}`, clock.now + HOUR);
  });
  const keys = async () => (await Promise.all([credentials(), credentials(), credentials()])).map(({ key }) => key);
  assertEquals([await keys(), asked.length], [["key 1", "key 1", "key 1"], 1]);
  clock.now += HOUR - 6 * 60 * 1000;
  assertEquals([await keys(), asked.length], [["key 1", "key 1", "key 1"], 1]);
  clock.now += 2 * 60 * 1000;
  isAway = true;
  assertEquals([(await credentials()).key, asked.length], ["key 1", 2]);
  isAway = false;
  assertEquals((await credentials()).key, "key 2");
  isAway = true;
  clock.now += HOUR;
  await assertRejects(credentials, Error, "answered 500");
});

Deno.test("a key that the S3 server calls expired is exchanged at once, whatever the clock here shows", async () => {
  let count = 0;
  const { credentials, asked } = source(
    { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://127.0.0.1/role" },
    () => lent(`key ${++count}`, HOUR),
  );
  const first = await credentials();
  assertEquals([first.key, (await credentials()).key], ["key 1", "key 1"]);
  // Requests that were under way with the same key ask for one more together.
  const next = await Promise.all([credentials(first), credentials(first), credentials()]);
  assertEquals(next.slice(0, 2).map(({ key }) => key), ["key 2", "key 2"]);
  assertEquals([(await credentials(first)).key, (await credentials()).key, asked.length], ["key 2", "key 2", 2]);
});

Deno.test("an instance whose clock is ahead asks for no key before each request", async () => {
  const env = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/x" };
  const { credentials, asked, clock } = source(env, () => lent("key", HOUR));
  clock.now = 2 * HOUR;
  for (let count = 0; count < 3; count++) await credentials();
  assertEquals(asked.length, 1);
  clock.now += 61_000;
  await credentials();
  assertEquals(asked.length, 2);
});
