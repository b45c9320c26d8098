import type { BucketAddress } from "./address.ts";
import { BadAddress, nameOf } from "./address.ts";
import { type Bucket, createBucket } from "./bucket.ts";
import { type ClientOptions, createClient, type S3Client } from "./client.ts";
import { createTransport } from "./transport.ts";

/** A bucket with the connections to it, which closing ends. */
export interface OpenBucket extends Disposable {
  readonly address: BucketAddress;
  readonly client: S3Client;
  readonly bucket: Bucket;
}

/**
 * Makes the client of a bucket. Nothing is sent yet. Throws {@linkcode BadAddress} when neither the address nor AWS's
 * settings have a key and its secret. `options` are for tests.
 */
export function openBucket(
  address: BucketAddress,
  options: Partial<Omit<ClientOptions, "address" | "transport">> = {},
): OpenBucket {
  const { credentials, role } = address;
  const source = credentials === undefined ? role : () => Promise.resolve(credentials);
  if (source === undefined && options.credentials === undefined) {
    throw new BadAddress(
      `There is no key for the bucket ${nameOf(address)}: put KEY:SECRET@ before its host, or set AWS_ACCESS_KEY_ID ` +
        "and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws/credentials",
    );
  }
  const transport = createTransport();
  const client = createClient({ credentials: source!, ...options, address, transport });
  return {
    address,
    client,
    bucket: createBucket(client, address),
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  };
}
