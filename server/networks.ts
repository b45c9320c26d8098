import { BlockList, isIP } from "node:net";

/** The word that stands among networks for the programs that connect by a unix socket. They have no address. */
export const UNIX_PEERS = "unix";

/** A set of networks. */
export interface Networks {
  /** True when an IP address is in one of the networks. */
  has(address: string): boolean;
}

/** Reads a network, such as `10.0.0.0/8` or `fd00::/8`, or an address alone; `undefined` for anything else. */
export function parseNetwork(text: string): string | undefined {
  const [, address = "", bits] = /^([\da-f:.]+?)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const family = isIP(address);
  if (family === 0) return undefined;
  const most = family === 4 ? 32 : 128;
  return Number(bits ?? most) <= most ? `${address}/${bits ?? most}` : undefined;
}

/** Makes the set of networks in the form of {@linkcode parseNetwork}. {@linkcode UNIX_PEERS} is in none of them. */
export function createNetworks(networks: readonly string[]): Networks {
  const list = new BlockList();
  for (const network of networks) {
    if (network === UNIX_PEERS) continue;
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits), isIP(address) === 4 ? "ipv4" : "ipv6");
  }
  return {
    has(address) {
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
    },
  };
}

/**
 * An IP address without its zone, in one form for one address: an IPv4 address that stands in an IPv6 one (RFC 4291,
 * section 2.5.5.2) is itself, and the rest has small letters. `undefined` for anything else.
 */
export function plainAddress(text: string): string | undefined {
  const [address = ""] = text.split("%");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  return isIP(plain) === 0 ? undefined : plain.toLowerCase();
}

/** The part of an address that one client has for itself: the whole of IPv4, and 64 bits of IPv6. */
export function networkOf(address: string | undefined): string {
  const plain = plainAddress(address ?? "") ?? "";
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const behind = tail === "" ? 0 : tail.split(":").length;
    while (groups.length < 8 - behind) groups.push("0");
    if (behind > 0) groups.push(...tail.split(":"));
  }
  return groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":");
}

/** True for an address of this machine itself. All clients behind a proxy on this machine have it. */
export function isOwnAddress(address: string): boolean {
  return /^(?:127\.|::1$|::ffff:127\.)/i.test(address);
}
