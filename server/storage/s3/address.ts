import type { Credentials, CredentialsSource } from "./credentials.ts";
import type { AwsSettings } from "./settings.ts";

/** The place of a bucket, and how it is asked. */
export interface BucketAddress {
  /** The scheme, host and port of the server, such as `https://s3.example.com:9000`. */
  readonly endpoint: string;
  readonly bucket: string;
  /** The region that requests are signed for. */
  readonly region: string;
  /** True where the bucket's name stands in the host's, as AWS wants it; false where it is the path's first segment. */
  readonly isHostStyle: boolean;
  /** The key and the secret; `undefined` when the program has to find them by itself. */
  readonly credentials: Credentials | undefined;
  /** The source of a key otherwise. */
  readonly role?: CredentialsSource;
  /** False when the operator says that the server's conditional writes must not be used. */
  readonly mayBeConditional: boolean;
}

/** The form of an address, for messages. */
export const ADDRESS_FORM =
  "http(s)://KEY:SECRET@HOST[:PORT]/BUCKET[?region=REGION&conditional=no], or s3://BUCKET with AWS's usual settings";

/** A bucket address that cannot be used. The message says why in one line, and names no secret. */
export class BadAddress extends Error {
  override name = "BadAddress";
}

/** The region that servers other than AWS take, and AWS's first one. */
const DEFAULT_REGION = "us-east-1";

/**
 * Reads the address of a bucket. `settings` are AWS's usual ones, for what the address leaves out. Throws {@linkcode
 * BadAddress}.
 */
export function parseBucketAddress(text: string, settings: AwsSettings = {}): BucketAddress {
  const url = URL.parse(text);
  if (url === null) throw new BadAddress(`The bucket's address is no URL: write ${ADDRESS_FORM}`);
  for (const name of url.searchParams.keys()) {
    if (name === "region" || name === "conditional") continue;
    throw new BadAddress(`The bucket's address has an unknown setting "${name}": there are region and conditional`);
  }
  if (url.hash !== "") throw new BadAddress("The bucket's address has a #: write it as %23 in a key or secret");
  const mayBeConditional = readConditional(url.searchParams.get("conditional"));
  const role = settings.role && { role: settings.role };
  if (url.protocol === "s3:") return { ...byName(url, settings), ...role, mayBeConditional };
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new BadAddress(`The bucket's address begins with "${url.protocol}": write ${ADDRESS_FORM}`);
  }
  const segments = url.pathname.split("/").filter((segment) => segment !== "");
  if (segments.length !== 1) {
    throw new BadAddress(
      `The bucket's address must have one name behind the host, the bucket's: write ${ADDRESS_FORM}`,
    );
  }
  return {
    endpoint: url.origin,
    bucket: checkedBucket(decoded(segments[0]!)),
    region: url.searchParams.get("region") ?? regionOfHost(url.hostname) ?? settings.region ?? DEFAULT_REGION,
    isHostStyle: false,
    credentials: credentialsOf(url) ?? settings.credentials,
    mayBeConditional,
  };
}

/** The address without key and secret, for logs and for telling one bucket from another. */
export function nameOf({ endpoint, bucket }: Pick<BucketAddress, "endpoint" | "bucket">): string {
  return `${endpoint}/${bucket}`;
}

function byName(url: URL, settings: AwsSettings): Omit<BucketAddress, "mayBeConditional"> {
  if (url.username !== "" || url.password !== "") {
    throw new BadAddress("An s3:// address takes its key from AWS's usual settings: leave it out, or write https://…");
  }
  if (url.port !== "" || url.pathname.replace("/", "") !== "") {
    throw new BadAddress("An s3:// address has the bucket's name and nothing behind it: write s3://BUCKET");
  }
  const bucket = checkedBucket(decoded(url.hostname));
  const region = url.searchParams.get("region") ?? settings.region ?? DEFAULT_REGION;
  if (settings.endpoint !== undefined) {
    const endpoint = URL.parse(settings.endpoint);
    if (endpoint === null || !/^https?:$/.test(endpoint.protocol) || endpoint.pathname !== "/") {
      throw new BadAddress("AWS_ENDPOINT_URL is no address of a server: write http(s)://HOST[:PORT]");
    }
    return { endpoint: endpoint.origin, bucket, region, isHostStyle: false, credentials: settings.credentials };
  }
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return {
    endpoint: `https://s3.${region}.${domain}`,
    bucket,
    region,
    // A certificate for *.s3.… does not hold for a name with dots.
    isHostStyle: !bucket.includes("."),
    credentials: settings.credentials,
  };
}

function credentialsOf({ username, password }: URL): Credentials | undefined {
  if (username === "" && password === "") return undefined;
  if (username === "" || password === "") {
    throw new BadAddress("The bucket's address has a key without a secret, or the other way round: write KEY:SECRET@");
  }
  return { key: decoded(username), secret: decoded(password) };
}

/** The region that a host's name tells, as AWS and Cloudflare R2 have it. */
function regionOfHost(host: string): string | undefined {
  if (host.endsWith(".r2.cloudflarestorage.com")) return "auto";
  return /^s3[.-](?:dualstack\.)?([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(host)?.[1];
}

function checkedBucket(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(name) && !name.includes("..")) return name;
  throw new BadAddress(
    `${JSON.stringify(name)} cannot be a bucket's name: it has 3 letters at least, of a-z, 0-9, dots and hyphens`,
  );
}

function readConditional(text: string | null): boolean {
  if (text === null || text === "yes") return true;
  if (text === "no") return false;
  throw new BadAddress('The bucket\'s address has another "conditional" than yes or no: leave it out, or write no');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BadAddress("The bucket's address has a % that encodes nothing: write it as %25");
  }
}
