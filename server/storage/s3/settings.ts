import { join } from "@std/path";
import type { Credentials, CredentialsSource, Environment, ReadText } from "./credentials.ts";
import { roleSource } from "./role_credentials.ts";

/** AWS's usual settings, as far as they are there. */
export interface AwsSettings {
  readonly credentials?: Credentials;
  /** The source of a key when there is no other: the role of this pod, container or machine. */
  readonly role?: CredentialsSource;
  readonly region?: string;
  /** The address of another server than AWS. */
  readonly endpoint?: string;
}

/**
 * Finds AWS's usual settings: the environment first, then the profile `AWS_PROFILE` (or `default`) in the files
 * `~/.aws/credentials` and `~/.aws/config`. Without a key there, the role of this pod, container or machine is asked for
 * one, when it is needed. Throws when `AWS_PROFILE` names a profile that is in neither.
 */
export async function findAwsSettings(env: Environment, read: ReadText = readIfThere): Promise<AwsSettings> {
  const given = ofEnvironment(env);
  const home = env("HOME") ?? env("USERPROFILE");
  const pathOf = (variable: string, name: string) => env(variable) ?? (home && join(home, ".aws", name));
  const texts = [];
  for (
    const [variable, name] of [["AWS_SHARED_CREDENTIALS_FILE", "credentials"], ["AWS_CONFIG_FILE", "config"]] as const
  ) {
    const path = pathOf(variable, name);
    const isNamed = env(variable) !== undefined;
    texts.push(path === undefined ? undefined : isNamed ? await read(path) : await read(path).catch(unlessForbidden));
  }
  const wanted = env("AWS_PROFILE");
  const profile = wanted || "default";
  const [keys, config] = texts.map((text) => sectionsOf(text ?? ""));
  const found = [keys!.get(profile), config!.get(`profile ${profile}`) ?? config!.get(profile)];
  if (wanted && found.every((section) => section === undefined)) {
    throw new Error(`AWS_PROFILE names the profile "${wanted}", which is not in ~/.aws: set another`);
  }
  const all = { ...ofProfile({ ...found[1], ...found[0] }), ...given };
  return all.credentials === undefined ? { ...all, role: roleSource({ env, read, region: all.region }) } : all;
}

function ofEnvironment(env: Environment): AwsSettings {
  const [key, secret] = [env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY")];
  return settingsOf({
    key,
    secret,
    sessionToken: env("AWS_SESSION_TOKEN"),
    region: env("AWS_REGION") || env("AWS_DEFAULT_REGION"),
    endpoint: env("AWS_ENDPOINT_URL_S3") || env("AWS_ENDPOINT_URL"),
  });
}

function ofProfile(section: Readonly<Record<string, string>>): AwsSettings {
  return settingsOf({
    key: section.aws_access_key_id,
    secret: section.aws_secret_access_key,
    sessionToken: section.aws_session_token,
    region: section.region,
    endpoint: section.endpoint_url,
  });
}

function settingsOf({ key, secret, sessionToken, region, endpoint }: {
  readonly [name in "key" | "secret" | "sessionToken" | "region" | "endpoint"]: string | undefined;
}): AwsSettings {
  return {
    ...key && secret && { credentials: { key, secret, ...sessionToken && { sessionToken } } },
    ...region && { region },
    ...endpoint && { endpoint },
  };
}

/** The sections of a file in AWS's form: `[name]`, and lines `key = value` below it. Lines further in are left out. */
export function sectionsOf(text: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const sections = new Map<string, Record<string, string>>();
  let section: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*[#;]/.test(line)) continue;
    const name = /^\[\s*(.*?)\s*\]/.exec(line)?.[1];
    if (name !== undefined) {
      section = Object.assign(Object.create(null), sections.get(name));
      sections.set(name, section);
      continue;
    }
    const [, key, value] = /^([\w.-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined) section[key.toLowerCase()] = value!;
  }
  return sections;
}

/** A file that nobody has named, and that this process may not read, counts as one that is not there. */
function unlessForbidden(error: unknown): undefined {
  if (error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied) return undefined;
  throw error;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
