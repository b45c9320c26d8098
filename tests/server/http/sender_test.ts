import { assertEquals } from "@std/assert";
import { createSenderOf } from "../../../server/http/sender.ts";
import { createNetworks, isOwnAddress, parseNetwork, plainAddress } from "../../../server/networks.ts";

const from = (hostname: string): Deno.NetAddr => ({ transport: "tcp", hostname, port: 1 });

const TABLE: [what: string, remote: string, headers: Record<string, string>, address: string, isProxied: boolean][] = [
  ["a client of its own", "192.0.2.1", {}, "192.0.2.1", false],
  ["a client that names another", "192.0.2.1", { "X-Forwarded-For": "192.0.2.9" }, "192.0.2.1", false],
  ["a proxy", "10.0.0.1", { "X-Forwarded-For": "192.0.2.9" }, "192.0.2.9", true],
  ["a proxy that says nothing", "10.0.0.1", {}, "10.0.0.1", true],
  [
    "a proxy as the system writes IPv4 in IPv6",
    "::ffff:10.0.0.1",
    { "X-Forwarded-For": "192.0.2.9" },
    "192.0.2.9",
    true,
  ],
  ["a proxy by IPv6", "fd00::1", { "X-Forwarded-For": "2001:db8::9" }, "2001:db8::9", true],
  [
    "what the client made up, before its address",
    "10.0.0.1",
    { "X-Forwarded-For": "1.1.1.1, 192.0.2.9" },
    "192.0.2.9",
    true,
  ],
  ["two proxies", "10.0.0.1", { "X-Forwarded-For": "192.0.2.9, 10.0.0.2" }, "192.0.2.9", true],
  ["nothing but proxies", "10.0.0.1", { "X-Forwarded-For": "10.0.0.3, 10.0.0.2" }, "10.0.0.3", true],
  ["no address", "10.0.0.1", { "X-Forwarded-For": "unknown" }, "10.0.0.1", true],
  ["no address before a proxy's", "10.0.0.1", { "X-Forwarded-For": "evil, 10.0.0.2" }, "10.0.0.2", true],
  ["an address with a port", "10.0.0.1", { "X-Forwarded-For": "192.0.2.9:1234" }, "192.0.2.9", true],
  ["an empty list", "10.0.0.1", { "X-Forwarded-For": "" }, "10.0.0.1", true],
  ["Forwarded", "10.0.0.1", { "Forwarded": 'for=192.0.2.9;proto=https, for="[fd00::2]:80"' }, "192.0.2.9", true],
  ["Forwarded with an obscured address", "10.0.0.1", { "Forwarded": "for=_hidden" }, "10.0.0.1", true],
  ["both", "10.0.0.1", { "Forwarded": "for=192.0.2.8", "X-Forwarded-For": "192.0.2.9" }, "10.0.0.1", true],
];

Deno.test("a client's address comes from a trusted proxy, and back to the first hop that is none", () => {
  const senderOf = createSenderOf({ trustedProxies: ["10.0.0.0/8", "fd00::/8"], publicUrl: "" });
  for (const [what, remote, headers, address, isProxied] of TABLE) {
    const sender = senderOf(new Headers(headers), from(remote));
    assertEquals([what, sender.address, sender.isProxied], [what, address, isProxied]);
  }
});

Deno.test("a server that trusts no proxy reads nothing of what one would say", () => {
  const senderOf = createSenderOf({ trustedProxies: [], publicUrl: "" });
  const headers = new Proxy(new Headers(), {
    get: () => {
      throw new Error("A header was read");
    },
  });
  assertEquals(senderOf(headers, from("192.0.2.1")), { address: "192.0.2.1", isProxied: false, isHttps: false });
  assertEquals(senderOf(headers, undefined).address, undefined);
});

Deno.test("a proxy on a unix socket is believed when it is trusted, and has no address of its own", () => {
  const remote: Deno.UnixAddr = { transport: "unix", path: "/run/pawl.sock" };
  const ask = (trustedProxies: string[], headers: Record<string, string>) => {
    const { address, isProxied } = createSenderOf({ trustedProxies, publicUrl: "" })(new Headers(headers), remote);
    return [address, isProxied];
  };
  const headers = { "X-Forwarded-For": "1.1.1.1, 192.0.2.9, 10.0.0.2" };
  assertEquals(ask(["unix"], headers), ["10.0.0.2", true]);
  assertEquals(ask(["unix", "10.0.0.0/8"], headers), ["192.0.2.9", true]);
  assertEquals(ask(["unix"], {}), [undefined, true]);
  assertEquals(ask(["unix"], { "X-Forwarded-For": "unknown" }), [undefined, true]);
  assertEquals(ask(["10.0.0.0/8"], headers), [undefined, false]);
  assertEquals(ask([], headers), [undefined, false]);
  const overTcp = createSenderOf({ trustedProxies: ["unix"], publicUrl: "" })(new Headers(headers), from("10.0.0.1"));
  assertEquals([overTcp.address, overTcp.isProxied], ["10.0.0.1", false]);
});

Deno.test("one more header leads nobody past the limits by address, behind a proxy of this machine either", () => {
  const senderOf = createSenderOf({ trustedProxies: ["127.0.0.1/32", "::1/128", "unix"], publicUrl: "" });
  const both = { "Forwarded": "for=192.0.2.8", "X-Forwarded-For": "192.0.2.9" };
  const unix: Deno.UnixAddr = { transport: "unix", path: "/run/pawl.sock" };
  for (const remote of [from("127.0.0.1"), from("::1"), from("::ffff:127.0.0.1"), unix]) {
    const addresses = [both, { ...both, "Forwarded": "" }, { ...both, "X-Forwarded-For": "" }].map((headers) =>
      senderOf(new Headers(headers), remote).address ?? ""
    );
    // A request without an address, or from this machine itself, would not be counted.
    assertEquals(addresses.filter((address) => address === "" || isOwnAddress(address)), []);
    assertEquals(new Set(addresses).size, 1);
  }
});

Deno.test("all clients of a server with a certificate come by HTTPS", () => {
  const senderOf = createSenderOf({ trustedProxies: [], publicUrl: "http://up.example", certFile: "/cert.pem" });
  assertEquals(senderOf(new Headers(), from("192.0.2.1")).isHttps, true);
});

Deno.test("clients come by HTTPS when the public URL or a trusted proxy says so", () => {
  const isHttps = (publicUrl: string, remote: string, headers: Record<string, string>) =>
    createSenderOf({ trustedProxies: ["10.0.0.1/32"], publicUrl })(new Headers(headers), from(remote)).isHttps;
  assertEquals(isHttps("https://up.example", "192.0.2.1", {}), true);
  assertEquals(isHttps("", "10.0.0.1", { "X-Forwarded-Proto": "https" }), true);
  assertEquals(isHttps("", "10.0.0.1", { "Forwarded": "for=192.0.2.9;proto=https" }), true);
  assertEquals(isHttps("", "10.0.0.1", { "X-Forwarded-Proto": "http" }), false);
  assertEquals(isHttps("", "192.0.2.1", { "X-Forwarded-Proto": "https" }), false);
});

Deno.test("parseNetwork() reads addresses and networks of both families, and nothing else", () => {
  const table: [string, string | undefined][] = [
    ["10.0.0.0/8", "10.0.0.0/8"],
    ["127.0.0.1", "127.0.0.1/32"],
    ["::1", "::1/128"],
    ["fd00::/8", "fd00::/8"],
    ["10.0.0.0/33", undefined],
    ["::/129", undefined],
    ["10.0.0/8", undefined],
    ["proxy.example", undefined],
    ["10.0.0.0/", undefined],
    ["", undefined],
  ];
  for (const [text, network] of table) assertEquals([text, parseNetwork(text)], [text, network]);
  const networks = createNetworks(["10.0.0.0/8", "fd00::/8"]);
  assertEquals(["10.255.0.1", "11.0.0.1", "fdff::1", "fe00::1", "x"].map((address) => networks.has(address)), [
    true,
    false,
    true,
    false,
    false,
  ]);
  assertEquals(["::FFFF:1.2.3.4", "FE80::1%eth0", "1.2.3.4", "1.2.3"].map(plainAddress), [
    "1.2.3.4",
    "fe80::1",
    "1.2.3.4",
    undefined,
  ]);
});
