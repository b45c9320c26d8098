import { assertEquals } from "@std/assert";
import { asUploadError, UploadError } from "../../server/errors.ts";

Deno.test("a client is told what failed first, not what failed as that was cleaned up", () => {
  const first = new UploadError("no-database", "The database gives no answer");
  const second = new SuppressedError(new Error("release"), first);
  assertEquals(asUploadError(second), first);
  assertEquals(asUploadError(new SuppressedError(new Error("close"), second)), first);
  const full = Object.assign(new Error("write"), { code: "ENOSPC" });
  const { code, offset } = asUploadError(new SuppressedError(new Error("close"), full), 7);
  assertEquals([code, offset], ["disk-full", 7]);
});
