import { assertEquals } from "@std/assert";
import { troubleOf } from "../../../server/tls/expiry.ts";

const pair = {
  cert: "",
  key: "",
  names: [],
  validFrom: Date.UTC(2026, 2, 1),
  expiresAt: Date.UTC(2026, 5, 30),
};

Deno.test("troubleOf() warns of a certificate in its last fourteen days, and before and after its time", () => {
  for (
    const [now, trouble] of [
      [
        Date.UTC(2026, 1, 28),
        "The certificate counts from 2026-03-01 on only, so clients refuse it: is the clock of this machine right?",
      ],
      [Date.UTC(2026, 2, 1), undefined],
      [Date.UTC(2026, 5, 16) - 1, undefined],
      [Date.UTC(2026, 5, 16), "The certificate expires on 2026-06-30, in 14 days: renew it"],
      [Date.UTC(2026, 5, 29, 12), "The certificate expires on 2026-06-30, in 1 day: renew it"],
      [Date.UTC(2026, 5, 30), "The certificate expired on 2026-06-30, so clients refuse it: renew it"],
    ] as const
  ) assertEquals([now, troubleOf(pair, now)], [now, trouble]);
});
