import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { linkTable, parseLinkCommand } from "../../../server/access/link_command.ts";
import { newLink } from "../../../server/access/link_wishes.ts";
import { ConfigError } from "../../../server/config/config.ts";

const none = () => undefined;
const WEEK = 7 * 86_400_000;

function parsed(text: string, env: (name: string) => string | undefined = none) {
  return parseLinkCommand(text.split(" "), env);
}

Deno.test("link add makes an upload link, or with --file or --zip a download link", () => {
  assertEquals(
    parsed("add --folder inbox/2026/ --max-size 2GiB --max-files 10 --quota 1TB --expires 12h --note hi --data /d"),
    {
      kind: "add",
      data: "/d",
      above: "",
      link: {
        kind: "upload",
        folders: ["inbox", "2026"],
        note: "hi",
        maxBytes: 2 ** 31,
        maxFiles: 10,
        totalBytes: 1e12,
        expiresInMs: 12 * 3_600_000,
      },
    },
  );
  const env = (name: string) => ({ PAWL_DATA: "/e", PAWL_PUBLIC_URL: "https://up.example/" })[name];
  assertEquals(parsed("add --file abc --downloads 3 --password-file /p --owner user:anna", env), {
    kind: "add",
    data: "/e",
    above: "https://up.example",
    link: { kind: "download", target: { file: "abc" }, maxDownloads: 3, expiresInMs: WEEK },
    owner: "user:anna",
    passwordFile: "/p",
  });
  assertEquals(parsed("add --zip photos/ --data /d").kind, "add");
  assertEquals(parsed("remove 0123 --data /d"), { kind: "remove", data: "/d", id: "0123" });
  assertEquals(parsed("list --data /d"), { kind: "list", data: "/d" });
  assertEquals([parsed("--help"), parseLinkCommand([], none)], [{ kind: "help" }, { kind: "help" }]);
});

Deno.test("what cannot be meant is refused in one line", () => {
  const table: [text: string, message: RegExp][] = [
    ["add inbox", /Say link add/],
    ["remove", /Say link add/],
    ["list all", /Say link add/],
    ["add --size 3", /Unknown argument "--size"/],
    ["add --max-size x", /--max-size cannot be "x": give a size/],
    ["add --max-files 0", /--max-files cannot be "0"/],
    ["add --max-files none", /--max-files cannot be|"maxFiles" must be/],
    ["add --expires never", /--expires cannot be "never"/],
    ["add --folder ../x", /folders below the root/],
    ["add --file a --zip b", /has one of "file"/],
    ["add --file a --folder b", /either takes files/],
    ["add --file a --max-files 3", /has no "maxFiles"/],
    ["add --downloads 3", /has no "maxDownloads"/],
    ["add --password-file x", /either takes files/],
    ["add --owner a,b", /--owner cannot be "a,b"/],
    ["add --public-url up.example", /--public-url cannot be/],
  ];
  for (const [text, message] of table) {
    const error = assertThrows(() => parsed(text), ConfigError);
    assertMatch(error.message, message);
    assertEquals(error.message.includes("\n"), false);
  }
});

Deno.test("link list shows what came or went, and no note can forge a line", () => {
  const now = Date.UTC(2026, 0, 1);
  const { link: upload } = newLink(
    { kind: "upload", folders: ["inbox"], maxFiles: 3, note: "a\nb\u202ec", expiresInMs: -1 },
    { owner: "anna" },
    { now, password: undefined },
  );
  const { link: download } = newLink(
    { kind: "download", target: { folder: "photos" }, maxDownloads: 2, expiresInMs: WEEK },
    { owner: "bob" },
    { now, password: undefined },
  );
  const [head, ...lines] = linkTable(
    [{ link: upload, count: 1, bytes: 7 }, { link: download, count: 2, bytes: 0 }],
    now,
  );
  assertMatch(head!, /^ID +KIND +OWNER +FOLDER OR FILE +USED +EXPIRES +NOTE$/);
  assertMatch(lines[0]!, /^[\da-f]{16} +upload +anna +inbox +1 of 3 files, 7 bytes +expired +a b c$/);
  assertMatch(lines[1]!, /^[\da-f]{16} +download +bob +photos +2 of 2 downloads +2026-01-08T00:00Z +-$/);
  assertEquals([lines.length, linkTable([], now)], [2, ["There is no link"]]);
});
