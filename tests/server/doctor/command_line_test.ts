import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError } from "../../../server/config/config.ts";
import { roundest, sizeText } from "../../../server/doctor/bytes.ts";
import { parseDoctorCommand } from "../../../server/doctor/command_line.ts";
import { FULL_PLAN, mostBytes, QUICK_PLAN, usualSeconds } from "../../../server/doctor/plan.ts";
import { proxyOf } from "../../../server/doctor/proxy_name.ts";

Deno.test("an address and options are read", () => {
  assertEquals(parseDoctorCommand(["https://up.example"]), {
    url: "https://up.example",
    isQuick: false,
    isJson: false,
  });
  assertEquals(parseDoctorCommand(["--quick", "--json", "--ca", "a.pem", "--token-file=t", "http://up.example/box"]), {
    url: "http://up.example/box",
    caFile: "a.pem",
    tokenFile: "t",
    isQuick: true,
    isJson: true,
  });
  assertEquals(parseDoctorCommand(["--help"]), "help");
});

for (
  const [args, says] of [
    [[], "by its address alone"],
    [["up.example"], "by its address alone"],
    [["https://a.example", "https://b.example"], "by its address alone"],
    [["--token", "pawl_x", "https://a.example"], "use --token-file FILE"],
    [["--quik", "https://a.example"], "maybe --quick"],
    [["https://a.example", "--ca"], "--ca needs a value"],
  ] as const
) {
  Deno.test(`doctor ${args.join(" ")} is refused`, () => {
    assertStringIncludes(assertThrows(() => parseDoctorCommand(args), ConfigError).message, says);
  });
}

Deno.test("the quick plan sends and waits less", () => {
  assert(mostBytes(QUICK_PLAN) < 8 * 2 ** 20 && usualSeconds(QUICK_PLAN) < 20);
  assert(mostBytes(FULL_PLAN) < 52 * 2 ** 20 && usualSeconds(FULL_PLAN) < 100);
});

Deno.test("a limit is told by the roundest size that it can be", () => {
  assertEquals([roundest({ bytes: 1_033_216, below: 1_053_696 }), sizeText(2 ** 20)], [2 ** 20, "1 MiB"]);
  assertEquals(roundest({ bytes: 99_100_000, below: 100_900_000 }), 100_000_000);
  assertEquals(roundest({ bytes: 1_073_000_000, below: 1_074_000_000 }), 2 ** 30);
  assertEquals(roundest({ bytes: 1234, below: 1250 }), 1234);
});

Deno.test("a proxy is known by what it says of itself", () => {
  const by = (name: string, value: string) => proxyOf(new Headers([[name, value]]));
  assertEquals([by("Server", "nginx/1.22.1"), by("Via", "1.1 Caddy"), by("Server", "Apache/2.4 (Debian)")], [
    "nginx",
    "Caddy",
    "Apache",
  ]);
  assertEquals([by("CF-Ray", "8"), by("Server", "envoy")], ["Cloudflare", undefined]);
});
