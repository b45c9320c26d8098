import { assertEquals } from "@std/assert";
import { createSendingPageOf, type SendingPage } from "../../../server/http/sending_page.ts";

const ALLOWED = "https://a.example";
const PUBLIC = "https://up.example";

interface Case {
  readonly what: string;
  readonly headers: Record<string, string>;
  readonly page: SendingPage;
  readonly method?: string;
  readonly isHttps?: boolean;
}

const TABLE: readonly Case[] = [
  { what: "curl", headers: {}, page: "none" },
  { what: "a page of this server", headers: { "Sec-Fetch-Site": "same-origin" }, page: "own" },
  { what: "an old browser", headers: { "Origin": "http://nas:8080" }, page: "own" },
  { what: "an old browser behind a proxy with TLS", headers: { "Origin": "https://nas:8080" }, page: "own" },
  { what: "the public URL, and another Host", headers: { "Origin": PUBLIC }, page: "own" },
  {
    what: "a page over HTTP of an HTTPS server",
    headers: { "Origin": "http://nas:8080" },
    page: "foreign",
    isHttps: true,
  },
  {
    what: "a form of another site",
    headers: { "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site" },
    page: "foreign",
  },
  { what: "a form in an old browser", headers: { "Origin": "https://evil.example" }, page: "foreign" },
  {
    what: "another host of one domain",
    headers: { "Origin": "https://b.up.example", "Sec-Fetch-Site": "same-site" },
    page: "foreign",
  },
  { what: "another port", headers: { "Origin": "http://nas:8081" }, page: "foreign" },
  { what: "a sandboxed frame", headers: { "Origin": "null", "Sec-Fetch-Site": "cross-site" }, page: "foreign" },
  { what: "a page that hides its origin", headers: { "Sec-Fetch-Site": "cross-site" }, page: "foreign" },
  { what: "no origin at all in its name", headers: { "Origin": "http://nas:8080@evil.example" }, page: "foreign" },
  {
    what: "its origin, and a word for another",
    headers: { "Origin": "http://nas:8080", "Sec-Fetch-Site": "cross-site" },
    page: "foreign",
  },
  { what: "an allowed page", headers: { "Origin": ALLOWED, "Sec-Fetch-Site": "cross-site" }, page: "allowed" },
  {
    what: "a page that was asked about",
    headers: { "Origin": "https://evil.example", "X-File-Id": "a" },
    page: "none",
  },
  { what: "another method than POST", headers: { "Origin": "https://evil.example" }, method: "DELETE", page: "none" },
  { what: "typed by a person", headers: { "Sec-Fetch-Site": "none" }, page: "none" },
];

Deno.test("a request that changes something is known by the page that sent it", () => {
  const sendingPageOf = createSendingPageOf({ publicUrl: PUBLIC, allowedOrigins: [ALLOWED] });
  for (const { what, headers, page, method = "POST", isHttps = false } of TABLE) {
    const request = new Request("http://nas:8080/", { method, headers: { "Host": "nas:8080", ...headers } });
    assertEquals([what, sendingPageOf(request, { address: "", isProxied: false, isHttps })], [what, page]);
  }
});

Deno.test("over HTTP/2, which has no Host header, a page of this server is known all the same", () => {
  const sendingPageOf = createSendingPageOf({ publicUrl: "", allowedOrigins: [] });
  const pageOf = (origin: string) => {
    const request = new Request("https://nas:8443/upload", { method: "POST", headers: { "Origin": origin } });
    return sendingPageOf(request, { address: "", isProxied: false, isHttps: true });
  };
  assertEquals(["https://nas:8443", "https://nas", "http://nas:8443", "https://evil:8443"].map(pageOf), [
    "own",
    "foreign",
    "foreign",
    "foreign",
  ]);
});

Deno.test("with --allow-origin * pages of all origins are allowed, and none of them counts as the server's own", () => {
  const sendingPageOf = createSendingPageOf({ publicUrl: "", allowedOrigins: ["*"] });
  const sender = { address: "", isProxied: false, isHttps: false };
  const headers = { "Host": "nas", "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site" };
  assertEquals(sendingPageOf(new Request("http://nas/", { method: "POST", headers }), sender), "allowed");
});
