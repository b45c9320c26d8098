import { createNetworks, plainAddress } from "../networks.ts";

/**
 * The networks that are not the internet (IANA's special-purpose registries): this machine, private networks,
 * multicast, the future.
 */
const SPECIAL = createNetworks([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  "::/96",
  "::ffff:0:0:0/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "5f00::/16",
  "fc00::/7",
  "fe80::/9",
  "ff00::/8",
]);

/** True for an IP address on the internet. Another one, in any way to write it, is in a network of the server's own. */
export function isPublic(address: string): boolean {
  const plain = plainAddress(address);
  return plain !== undefined && !SPECIAL.has(plain);
}
