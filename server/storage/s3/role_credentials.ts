import type { Credentials, CredentialsSource, Environment, ReadText } from "./credentials.ts";
import { textOf } from "./xml.ts";

/** A key that holds for a time. */
export interface LentCredentials {
  readonly credentials: Credentials;
  /** When it expires, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The source that is asked for a key: a role of AWS that this machine, container or pod has. */
export interface RoleDeps {
  readonly env: Environment;
  readonly read: ReadText;
  readonly region: string | undefined;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

/** How long before its end a key is exchanged, in milliseconds. */
const EARLY_MS = 5 * 60 * 1000;
/** How long a new key is kept at least, in milliseconds: by a clock that is ahead, each is about to expire. */
const KEPT_MS = 60 * 1000;
/** How long an answer is waited for, in milliseconds; on this machine, where nobody may be there to answer, less. */
const PATIENCE_MS = 5000;
const LOCAL_PATIENCE_MS = 2000;

/** The address of Amazon's service for containers, and for the machine itself. Both are on the machine. */
const CONTAINER = "http://169.254.170.2";
const MACHINE = "http://169.254.169.254";

/**
 * Makes the source of a role's keys, as AWS's own programs find it: a web identity (`AWS_WEB_IDENTITY_TOKEN_FILE`), a
 * container's role (`AWS_CONTAINER_CREDENTIALS_FULL_URI`), and otherwise the machine's role by its metadata service.
 */
export function roleSource(deps: RoleDeps): CredentialsSource {
  const { env, now = Date.now } = deps;
  const ask = env("AWS_WEB_IDENTITY_TOKEN_FILE")
    ? byWebIdentity
    : env("AWS_CONTAINER_CREDENTIALS_FULL_URI") || env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    ? byContainer
    : byMachine;
  let last: LentCredentials | undefined;
  let keptUntil = -Infinity;
  let asking: Promise<LentCredentials> | undefined;

  async function renewed(): Promise<LentCredentials> {
    try {
      last = await ask(deps);
      keptUntil = Math.max(last.expiresAt - EARLY_MS, now() + KEPT_MS);
      return last;
    } catch (error) {
      // The key that is about to expire still holds: the next request asks again.
      if (last !== undefined && now() < last.expiresAt) return last;
      throw error;
    } finally {
      asking = undefined;
    }
  }

  return async (expired) => {
    const isExpired = expired !== undefined && last?.credentials === expired;
    if (last !== undefined && !isExpired && now() < keptUntil) return last.credentials;
    return (await (asking ??= renewed())).credentials;
  };
}

/** Asks AWS's Security Token Service, with the token that Kubernetes, for one, puts into a file. */
async function byWebIdentity({ env, read, region, fetch: ask = fetch }: RoleDeps): Promise<LentCredentials> {
  const path = env("AWS_WEB_IDENTITY_TOKEN_FILE")!;
  const [token, role] = [(await read(path))?.trim(), env("AWS_ROLE_ARN")];
  if (!token) throw new Error(`AWS_WEB_IDENTITY_TOKEN_FILE names the file "${path}", which is not there or empty`);
  if (!role) throw new Error("AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not: set both");
  const domain = region?.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const url = env("AWS_ENDPOINT_URL_STS") || `https://sts.${region ?? "us-east-1"}.${domain}`;
  const body = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: role,
    RoleSessionName: env("AWS_ROLE_SESSION_NAME") || "pawl",
    WebIdentityToken: token,
  });
  const answer = await ask(url, { method: "POST", body, signal: AbortSignal.timeout(PATIENCE_MS) });
  const xml = await answer.text();
  if (!answer.ok) throw refusal("AWS's token service", answer.status, textOf(xml, "Message") ?? textOf(xml, "Code"));
  return lent("AWS's token service", {
    AccessKeyId: textOf(xml, "AccessKeyId"),
    SecretAccessKey: textOf(xml, "SecretAccessKey"),
    Token: textOf(xml, "SessionToken"),
    Expiration: textOf(xml, "Expiration"),
  });
}

async function byContainer({ env, read, fetch: ask = fetch }: RoleDeps): Promise<LentCredentials> {
  const url = URL.parse(
    env("AWS_CONTAINER_CREDENTIALS_FULL_URI") || CONTAINER + env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
  );
  if (url === null || url.protocol !== "https:" && !isLocal(url.hostname)) {
    throw new Error("AWS_CONTAINER_CREDENTIALS_FULL_URI is no address on this machine and no https:// one: correct it");
  }
  const file = env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const token = file ? (await read(file))?.trim() : env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const answer = await ask(url, {
    ...token && { headers: { authorization: token } },
    redirect: "error",
    signal: AbortSignal.timeout(LOCAL_PATIENCE_MS),
  });
  return await fromJson("the container's service of credentials", answer);
}

async function byMachine({ env, fetch: ask = fetch }: RoleDeps): Promise<LentCredentials> {
  if (env("AWS_EC2_METADATA_DISABLED") === "true") throw noKey();
  const root = `${env("AWS_EC2_METADATA_SERVICE_ENDPOINT") || MACHINE}/latest`;
  const get = async (path: string, init: RequestInit) => {
    const signal = AbortSignal.timeout(LOCAL_PATIENCE_MS);
    const answer = await ask(root + path, { ...init, redirect: "error", signal }).catch((error) => {
      throw noKey(error);
    });
    if (answer.ok) return answer;
    await answer.body?.cancel();
    throw noKey(refusal("the machine's metadata service", answer.status));
  };
  const seconds = { "x-aws-ec2-metadata-token-ttl-seconds": "300" };
  const token = await (await get("/api/token", { method: "PUT", headers: seconds })).text();
  const headers = { "x-aws-ec2-metadata-token": token };
  const path = "/meta-data/iam/security-credentials/";
  const role = (await (await get(path, { headers })).text()).split("\n")[0]!.trim();
  return await fromJson("the machine's metadata service", await get(path + encodeURIComponent(role), { headers }));
}

function isLocal(host: string): boolean {
  return host === "localhost" || /^127(\.\d{1,3}){3}$/.test(host) || host === "[::1]" || host === "169.254.170.2" ||
    host === "169.254.170.23" || host === "[fd00:ec2::23]";
}

async function fromJson(who: string, answer: Response): Promise<LentCredentials> {
  const text = await answer.text();
  if (!answer.ok) throw refusal(who, answer.status);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`The answer of ${who} is no JSON`);
  }
  return lent(who, Object(value));
}

function lent(who: string, { AccessKeyId: key, SecretAccessKey: secret, Token: token, Expiration: end }: {
  readonly [name in "AccessKeyId" | "SecretAccessKey" | "Token" | "Expiration"]?: unknown;
}): LentCredentials {
  const expiresAt = Date.parse(String(end));
  if (typeof key !== "string" || typeof secret !== "string" || typeof token !== "string" || Number.isNaN(expiresAt)) {
    throw new Error(`The answer of ${who} has no key that holds for a time`);
  }
  return { credentials: { key, secret, sessionToken: token }, expiresAt };
}

function refusal(who: string, status: number, why = ""): Error {
  return new Error(`${who} answered ${status} ${why.replace(/[\s\p{C}]+/gu, " ").slice(0, 200)}`.trim());
}

function noKey(cause?: unknown): Error {
  return new Error(
    "There is no key for the bucket: put KEY:SECRET@ before its host, or set AWS_ACCESS_KEY_ID and " +
      "AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws/credentials, or give this machine a role",
    { cause },
  );
}
