import { resolve } from "@std/path";
import type { Option } from "./option.ts";

/** The options about where everything is kept: in a folder of this machine, or where many instances share it. */
export const STORAGE_OPTIONS = {
  /** The data folder, absolute. */
  data: {
    flag: "data",
    value: "FOLDER",
    fallback: "data",
    help: "folder for everything that is kept; finished files lie in `FOLDER/files`",
    parse: (text) => text === "" ? undefined : resolve(text),
    wanted: "a folder",
  } satisfies Option<string>,
  /** The address of the PostgreSQL database that instances share, a secret; empty for none. */
  database: {
    flag: "database",
    value: "",
    fallback: "none",
    help: "the PostgreSQL database of many instances, `postgres://USER:PASSWORD@HOST/NAME`; not a flag",
    parse: (text) => text === "none" ? "" : hasScheme(text, ["postgres:", "postgresql:"]) ? text : undefined,
    wanted: "an address such as postgres://USER:PASSWORD@HOST/NAME",
    isSecret: true,
  } satisfies Option<string>,
  /** The address of the bucket that instances share, a secret; empty for none. */
  bucket: {
    flag: "bucket",
    value: "",
    fallback: "none",
    help: "the S3 bucket of many instances, `https://KEY:SECRET@HOST/BUCKET` or `s3://BUCKET`; not a flag",
    parse: (text) => text === "none" ? "" : hasScheme(text, ["http:", "https:", "s3:"]) ? text : undefined,
    wanted: "an address such as https://KEY:SECRET@HOST/BUCKET or s3://BUCKET",
    isSecret: true,
  } satisfies Option<string>,
};

function hasScheme(text: string, schemes: readonly string[]): boolean {
  // An address with several hosts, which PostgreSQL takes, is no URL.
  return schemes.some((scheme) => text.startsWith(`${scheme}//`) && text.length > scheme.length + 2);
}
