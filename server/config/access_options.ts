import { resolve } from "@std/path";
import { parseNetwork, UNIX_PEERS } from "../networks.ts";
import type { Option } from "./option.ts";
import { listOf, parseFixedToken, parseUserHeader, trueOrFalse } from "./option_values.ts";

/** The options about who may use the server. */
export const ACCESS_OPTIONS = {
  /** True when anybody may upload and read, also from other machines. */
  open: {
    flag: "open",
    value: "",
    fallback: "false",
    help: "anybody may upload without a token, also from other machines and after the first token",
    parse: trueOrFalse,
    wanted: "true or false",
    isSwitch: true,
  } satisfies Option<boolean>,
  /** The fixed token, a secret; empty for none. */
  fixedToken: {
    flag: "token",
    value: "",
    fallback: "none",
    help: "a token with all rights, of 22 characters or more, for containers; not a flag, because others could see it",
    parse: (text) => text === "none" ? "" : parseFixedToken(text),
    wanted: "a token of at least 22 characters without spaces",
    isSecret: true,
  } satisfies Option<string>,
  /** The file that holds the fixed token, absolute; empty for none. */
  fixedTokenFile: {
    flag: "token-file",
    value: "FILE",
    fallback: "none",
    help: "a file with such a token in it, such as a secret of Docker",
    parse: (text) => text === "none" ? "" : text === "" ? undefined : resolve(text),
    wanted: "a file, or none",
  } satisfies Option<string>,
  /** The networks of the proxies that are believed about their clients. */
  trustedProxies: {
    flag: "trust-proxy",
    value: "ADDRESSES",
    fallback: "none",
    help: "proxies that are believed about clients' addresses: `10.0.0.0/8,::1`, or `unix` with `--unix-socket`",
    parse: listOf((text) => text === UNIX_PEERS ? text : parseNetwork(text)),
    wanted: "addresses such as 127.0.0.1 or 10.0.0.0/8 separated by commas, or unix, or none",
    isList: true,
  } satisfies Option<readonly string[]>,
  /** The header by which such a proxy names its users, in small letters; empty for none. */
  userHeader: {
    flag: "user-header",
    value: "NAME",
    fallback: "none",
    help: "header by which a trusted proxy names the user that it has signed in, such as `Remote-User`",
    parse: parseUserHeader,
    wanted: "the name of a header, such as X-Forwarded-User, or none",
  } satisfies Option<string>,
  /** True when the finished files of an owner lie in a folder of its name. */
  ownerFolders: {
    flag: "owner-folders",
    value: "",
    fallback: "false",
    help: "finished files of a token or user lie in a folder of its name",
    parse: trueOrFalse,
    wanted: "true or false",
    isSwitch: true,
  } satisfies Option<boolean>,
};
