import { assertEquals, assertThrows } from "@std/assert";
import { type Admission, createAdmission } from "../../../server/http/admission.ts";
import { UploadError } from "../../../server/errors.ts";
import { openTestApp } from "../../support/pawl.ts";

function connection(hostname: string) {
  const { promise: completed, resolve: complete } = Promise.withResolvers<void>();
  return { remoteAddr: { transport: "tcp", hostname, port: 1 } as const, completed, complete };
}

function admit(admission: Admission, { remoteAddr, completed }: ReturnType<typeof connection>): void {
  admission.admit(remoteAddr.hostname, { completed });
}

Deno.test("an address may have so many requests under way, and one more when one of them is completed", async () => {
  const admission = createAdmission({ maxPerAddress: 2 });
  const first = connection("192.0.2.1");
  admit(admission, first);
  admit(admission, connection("192.0.2.1"));
  admit(admission, connection("192.0.2.2"));
  assertThrows(() => admit(admission, connection("192.0.2.1")), UploadError, "Too many requests");
  first.complete();
  await first.completed;
  admit(admission, connection("192.0.2.1"));
  assertThrows(() => admit(admission, connection("192.0.2.1")), UploadError);
});

Deno.test("one client has all addresses that begin with the same 64 bits of IPv6, and one of IPv4", () => {
  const admission = createAdmission({ maxPerAddress: 2 });
  admit(admission, connection("2001:db8::1"));
  admit(admission, connection("2001:db8:0:0:ffff::2"));
  assertThrows(() => admit(admission, connection("2001:db8::3")), UploadError, "Too many requests");
  admit(admission, connection("2001:db8:0:1::1"));
  admit(admission, connection("::ffff:192.0.2.1"));
  admit(admission, connection("192.0.2.1"));
  assertThrows(() => admit(admission, connection("192.0.2.1")), UploadError, "Too many requests");
});

Deno.test("this machine's own requests are not counted", () => {
  const admission = createAdmission({ maxPerAddress: 1 });
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    for (let count = 0; count < 5; count++) admit(admission, connection(address));
  }
});

Deno.test("one request too many is answered 503, with Retry-After, and nothing of it is looked at", async () => {
  await using pawl = await openTestApp({ maxPerAddress: 1 });
  const held = connection("192.0.2.1");
  assertEquals((await pawl.app(new Request("http://localhost/nothing"), held)).status, 404);
  const response = await pawl.app(new Request("http://localhost/"), connection("192.0.2.1"));
  assertEquals([response.status, response.headers.get("retry-after")], [503, "5"]);
  await response.text();
  held.complete();
});
