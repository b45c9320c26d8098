import { assertEquals } from "@std/assert";
import { addressOn, hrefOn } from "../../../client/protocol/address.ts";

Deno.test("addressOn() puts a path behind the server's address, and leaves an address alone", () => {
  assertEquals(addressOn("", "/files/a"), "/files/a");
  assertEquals(addressOn("https://up.example", "/files/a"), "https://up.example/files/a");
  assertEquals(addressOn("https://up.example/pawl//", "/files/a"), "https://up.example/pawl/files/a");
  assertEquals(addressOn("https://up.example", "http://cdn.example/files/a"), "http://cdn.example/files/a");
});

Deno.test("hrefOn() gives an absolute URL by the endpoint, by the file's own address, or by the page", () => {
  assertEquals(hrefOn("https://UP.example:443", "/files/a"), "https://up.example/files/a");
  assertEquals(hrefOn("", "https://cdn.example/files/a"), "https://cdn.example/files/a");
  assertEquals(hrefOn("", "/files/a"), undefined);
  Object.assign(globalThis, { document: { baseURI: "https://page.example/album/" } });
  try {
    assertEquals(hrefOn("", "/files/a"), "https://page.example/files/a");
    assertEquals(hrefOn("/pawl", "/files/a"), "https://page.example/pawl/files/a");
    assertEquals(hrefOn("https://up.example", "/files/a"), "https://up.example/files/a");
  } finally {
    Reflect.deleteProperty(globalThis, "document");
  }
});
