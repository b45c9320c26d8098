import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError } from "../../../server/config/config.ts";
import { parseSendCommand } from "../../../server/send/command_line.ts";
import { parseTarget } from "../../../server/send/target.ts";

const URL = "https://up.example/";

Deno.test("the last argument is the address, and those before it are what is sent", () => {
  const command = parseSendCommand(["a.txt", "--jobs", "5", "-b", "--", "--c", URL].filter((text) => text !== "-b"));
  assertEquals(command, { sources: ["a.txt", "--c"], url: URL, jobs: 5, tries: Infinity, isJson: false });
  assertEquals(parseSendCommand(["--into", "/a//b/", "--name=x", "--json", "-", URL]), {
    sources: ["-"],
    url: URL,
    name: "x",
    into: "a/b",
    jobs: 3,
    tries: Infinity,
    isJson: true,
  });
  assertEquals(parseSendCommand(["--help"]), "help");
});

const WRONG: readonly [args: string[], says: string][] = [
  [[], "the last argument is the server's address"],
  [["a.txt"], "the last argument is the server's address"],
  [["a.txt", "ftp://up.example"], "the last argument is the server's address"],
  [[URL], "Say what to send"],
  [["--token", "pawl_secret", "a", URL], "use --token-file FILE"],
  [["--token=pawl_secret", "a", URL], "use --token-file FILE"],
  [["--job", "2", "a", URL], "maybe --jobs"],
  [["-", URL], "needs a name"],
  [["-", "a", "--name", "x", URL], "goes alone"],
  [["a", "b", "--name", "x", URL], "--name is the name of one file"],
  [["a", "--name", "x/y", URL], "use --into FOLDER"],
  [["a", "--jobs", "0", URL], "--jobs must be a whole number from 1 to 64"],
  [["a", "--jobs", "65", URL], "--jobs must be a whole number from 1 to 64"],
  [["a", "--tries", "many", URL], "--tries must be a whole number"],
  [["a", "--name=", URL], "--name needs a value"],
];

for (const [args, says] of WRONG) {
  Deno.test(`send ${args.join(" ")} is refused: ${says}`, () => {
    const { message } = assertThrows(() => parseSendCommand(args), ConfigError);
    assertStringIncludes(message, says);
    assertEquals([message.includes("pawl_secret"), message.includes("\n")], [false, false]);
  });
}

Deno.test("an address is that of a server, below a folder of a proxy or not, or that of an upload link", () => {
  const target = (endpoint: string, linkSecret?: string) =>
    linkSecret === undefined ? { endpoint } : { endpoint, linkSecret };
  assertEquals(parseTarget("http://a:8080"), target("http://a:8080"));
  assertEquals(parseTarget("HTTPS://Up.example//"), target("https://up.example"));
  assertEquals(parseTarget("https://a/pawl/upload"), target("https://a/pawl"));
  assertEquals(parseTarget("https://a/u/pawl_x"), target("https://a", "pawl_x"));
  assertEquals(parseTarget("https://a/sub/u/pawl_x/"), target("https://a/sub", "pawl_x"));
});

Deno.test("an address with a token in it, or of a link for downloads, is refused, and is not told again", () => {
  for (
    const wrong of [
      "https://x:secret@a/",
      "https://a/#token=secret",
      "https://a/?secret",
      "https://a/d/secret",
      "http://",
    ]
  ) {
    const { message } = assertThrows(() => parseTarget(wrong), ConfigError);
    assertEquals(message.includes("secret"), false);
  }
});
