import { assertEquals } from "@std/assert";
import { isPublic } from "../../../server/hooks/public_address.ts";
import { nextAttemptAt, parseRetryAfter } from "../../../server/hooks/retries.ts";
import { outcomeOf, webhookName } from "../../../server/hooks/webhook.ts";
import { parseSecret, parseWebhookUrl } from "../../../server/config/hook_values.ts";
import { eventsOf } from "../../../server/model/event.ts";
import type { CompleteUpload, GoneUpload, ReceivingUpload } from "../../../server/model/upload.ts";

const RECEIVING = { id: "a", owner: "o", createdAt: 1, state: "receiving", name: "n", offset: 0 } as ReceivingUpload;
const COMPLETE = { id: "a", owner: "o", createdAt: 1, state: "complete", path: "n", length: 3 } as CompleteUpload;
const gone = (reason: GoneUpload["reason"]) =>
  ({ id: "a", owner: "o", createdAt: 1, state: "gone", reason }) as GoneUpload;

Deno.test("each change of a record tells what has happened, and nothing twice", () => {
  const rows: [...Parameters<typeof eventsOf>, string[]][] = [
    [undefined, RECEIVING, ["created"]],
    [undefined, COMPLETE, ["created", "completed"]],
    [RECEIVING, { ...RECEIVING, offset: 3 }, []],
    [RECEIVING, COMPLETE, ["completed"]],
    [COMPLETE, { ...COMPLETE, path: "n (1)" }, []],
    [RECEIVING, gone("expired"), ["expired"]],
    [RECEIVING, gone("terminated"), ["terminated"]],
    [COMPLETE, gone("terminated"), ["terminated"]],
    [RECEIVING, undefined, ["terminated"]],
    [RECEIVING, gone("lost"), []],
    [COMPLETE, gone("taken"), []],
    [gone("expired"), undefined, []],
    [gone("taken"), gone("terminated"), []],
    [undefined, { ...RECEIVING, partial: true }, []],
    [{ ...RECEIVING, partial: true }, gone("concatenated"), []],
    [{ ...RECEIVING, partial: true }, gone("expired"), []],
  ];
  for (const [before, after, types] of rows) {
    assertEquals(eventsOf(before, after).map(({ type }) => type), types.map((type) => `upload.${type}`));
  }
});

Deno.test("attempts are further and further apart, as the receiver asks, and for three days", () => {
  const at = (attempts: number, now: number, retryAfterMs?: number, random = 0.5) =>
    nextAttemptAt({ attempts, since: 0, now, ...retryAfterMs !== undefined && { retryAfterMs } }, random);
  const hour = 3_600_000;
  assertEquals([1, 2, 3, 8, 9, 100].map((attempts) => at(attempts, 0)), [
    5_000,
    30_000,
    120_000,
    4 * hour,
    4 * hour,
    4 * hour,
  ]);
  assertEquals([at(1, 0, undefined, 0), at(1, 0, undefined, 1)], [4_000, 6_000]);
  assertEquals([at(1, 0, 60_000), at(1, 0, 1_000), at(1, 0, 1e12)], [60_000, 5_000, 72 * hour]);
  assertEquals([at(9, 71 * hour), at(9, 72 * hour)], [72 * hour, undefined]);
  // The server was off for a week: the receiver may start with it, and be a moment later.
  const week = 7 * 24 * hour;
  assertEquals([at(1, week), at(8, week, 1e12), at(9, week)], [week + 5_000, week + 4 * hour, undefined]);
});

Deno.test("Retry-After is seconds or a date, and nothing else counts", () => {
  const now = Date.parse("2026-11-30T12:00:00Z");
  const read = (text?: string) => parseRetryAfter(text, now);
  assertEquals(["0", "120", "Mon, 30 Nov 2026 12:01:00 GMT", "Mon, 30 Nov 2026 11:00:00 GMT"].map(read), [
    0,
    120_000,
    60_000,
    0,
  ]);
  assertEquals([undefined, "", "soon", "-1", "1e9"].map(read), Array(5).fill(undefined));
});

Deno.test("any 2xx is a success, 410 the end, and everything else is tried again", () => {
  const kinds = [200, 204, 299, 410, 199, 301, 307, 400, 404, 429, 500].map((status) =>
    outcomeOf({ status, headers: {} }, 0).kind
  );
  assertEquals(kinds, [...Array(3).fill("delivered"), "gone", ...Array(7).fill("failed")]);
});

Deno.test("only addresses of the internet are public, in whatever form they are written", () => {
  const inside = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.31.0.1",
    "192.168.1.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:a00:1",
    "::ffff:0:a00:1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "fc00::1",
    "fd12::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
  ];
  assertEquals(inside.filter(isPublic), []);
  const outside = ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1"];
  assertEquals(outside.filter((address) => !isPublic(address)), []);
});

Deno.test("a hook's name shows its host, and nothing of a secret in its address", () => {
  const name = webhookName(new URL("https://hooks.example:8443/T0KEN?key=s3cret"));
  assertEquals(/^hooks\.example:8443-[0-9a-f]{8}$/.test(name), true);
  assertEquals(name === webhookName(new URL("https://hooks.example:8443/other")), false);
});

Deno.test("a secret has 24 to 64 bytes in base64, and a webhook is a web address without a user", () => {
  const secretOf = (bytes: number) => `whsec_${new Uint8Array(bytes).toBase64()}`;
  assertEquals([24, 64].map((bytes) => parseSecret(secretOf(bytes))?.length), [24, 64]);
  for (const text of [secretOf(23), secretOf(65), "whsec_", "whsec_*", secretOf(32).slice(6)]) {
    assertEquals(parseSecret(text), undefined, text);
  }
  assertEquals(parseWebhookUrl("https://a.example"), "https://a.example/");
  for (const text of ["", "a.example", "ftp://a.example", "https://me:secret@a.example", "https://a.example/#x"]) {
    assertEquals(parseWebhookUrl(text), undefined, text);
  }
});
