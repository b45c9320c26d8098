import { assertEquals, assertRejects } from "@std/assert";
import { findAwsSettings, sectionsOf } from "../../../../server/storage/s3/settings.ts";

const FILES: Readonly<Record<string, string>> = {
  "/home/anna/.aws/credentials": `
[default]
aws_access_key_id = key
aws_secret_access_key=secret
; a comment
[work]
aws_access_key_id = work key
aws_secret_access_key = work=secret
aws_session_token = token
`,
  "/home/anna/.aws/config": `
[default]
region = eu-west-1
s3 =
  max_concurrent_requests = 20
[profile work]
region = us-west-2
endpoint_url = http://127.0.0.1:9000
`,
};

/** The settings, with whether a role is asked for a key. */
async function find(env: Readonly<Record<string, string>>) {
  const { role, ...settings } = await findAwsSettings((name) => env[name], (path) => Promise.resolve(FILES[path]));
  return { ...settings, asksRole: role !== undefined };
}

Deno.test("the environment gives key, secret, region and address", async () => {
  const env = { AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s", AWS_REGION: "r", AWS_ENDPOINT_URL: "http://h" };
  assertEquals(await find(env), {
    credentials: { key: "k", secret: "s" },
    region: "r",
    endpoint: "http://h",
    asksRole: false,
  });
  assertEquals(await find({}), { asksRole: true });
});

Deno.test("a profile gives what the environment leaves out", async () => {
  const home = { HOME: "/home/anna" };
  assertEquals(await find(home), {
    credentials: { key: "key", secret: "secret" },
    region: "eu-west-1",
    asksRole: false,
  });
  assertEquals(await find({ ...home, AWS_PROFILE: "work", AWS_DEFAULT_REGION: "r" }), {
    credentials: { key: "work key", secret: "work=secret", sessionToken: "token" },
    region: "r",
    endpoint: "http://127.0.0.1:9000",
    asksRole: false,
  });
  await assertRejects(() => find({ ...home, AWS_PROFILE: "no" }), Error, '"no", which is not in');
});

Deno.test("a file of settings cannot reach what objects inherit", () => {
  const sections = sectionsOf("[__proto__]\na = b\n[x]\n__proto__ = c\nconstructor = d\n");
  assertEquals([sections.get("__proto__")?.a, sections.get("x")?.constructor as unknown], ["b", "d"]);
  assertEquals(({} as Record<string, unknown>).a, undefined);
});

Deno.test("files that nobody has named and that this process may not read are left out; a named one is an error", async () => {
  const refuse = () => Promise.reject(new Deno.errors.NotCapable("Requires read access"));
  const find = (env: Readonly<Record<string, string>>) => findAwsSettings((name) => env[name], refuse);
  const { role, ...settings } = await find({ HOME: "/home/anna" });
  assertEquals([typeof role, settings], ["function", {}]);
  await assertRejects(() => find({ AWS_SHARED_CREDENTIALS_FILE: "/keys" }), Deno.errors.NotCapable);
});
