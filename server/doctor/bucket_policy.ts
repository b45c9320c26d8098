import { BUCKET_RIGHTS, OBJECT_RIGHTS } from "../storage/s3/probe_steps.ts";

/** The programs that serve buckets, as far as each has its own way to give rights. */
export type BucketServer = "AWS" | "MinIO" | "Ceph" | "R2" | undefined;

/** Tells the program by the host of its address and by the headers of its answers. */
export function bucketServerOf(
  host: string,
  { server = "", "x-amz-request-id": requestId = "" }: Readonly<Record<string, string>>,
): BucketServer {
  if (host.endsWith(".r2.cloudflarestorage.com")) return "R2";
  if (/\.amazonaws\.com(?:\.cn)?$/.test(host) || server === "AmazonS3") return "AWS";
  if (/minio/i.test(server)) return "MinIO";
  // Ceph's request ids begin with the number of a transaction.
  return /ceph/i.test(server) || /^tx[0-9a-f]{21}-/.test(requestId) ? "Ceph" : undefined;
}

/** A policy with all rights that a server needs, and how it is given where the program is known. */
export function policyLines({ bucket, server }: { readonly bucket: string; readonly server: BucketServer }): string[] {
  const policy = {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: BUCKET_RIGHTS, Resource: [`arn:aws:s3:::${bucket}`] },
      { Effect: "Allow", Action: OBJECT_RIGHTS, Resource: [`arn:aws:s3:::${bucket}/*`] },
    ],
  };
  return [...HOW[server ?? "other"], ...server === "R2" ? [] : JSON.stringify(policy, null, 2).split("\n")];
}

const HOW: Readonly<Record<"AWS" | "MinIO" | "Ceph" | "R2" | "other", readonly string[]>> = {
  AWS: ["# a policy of the key's user or role; a Deny in the bucket's own policy goes before it"],
  MinIO: ["# mc admin policy create ALIAS pawl policy.json && mc admin policy attach ALIAS pawl --user KEY"],
  Ceph: [
    '# the owner of the bucket has all rights; for another user add "Principal": {"AWS": ["arn:aws:iam:::user/NAME"]}',
    "# to both statements, and: s3cmd setpolicy policy.json s3://BUCKET",
  ],
  R2: ['# R2 has no policies: make an API token with "Object Read & Write" for this bucket'],
  other: ["# a policy of the key's user, in the form of AWS"],
};
