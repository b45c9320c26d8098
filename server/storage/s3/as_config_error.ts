import { ConfigError } from "../../config/config_error.ts";
import { BadAddress } from "./address.ts";
import { UnfitBucket } from "./probe.ts";

/** Does a work with a bucket, and makes errors about the bucket those of an option. */
export async function asConfigError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BadAddress || error instanceof UnfitBucket) throw new ConfigError(error.message);
    throw error;
  }
}
