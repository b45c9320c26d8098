import { assert, assertEquals } from "@std/assert";
import { mountLossyDisks } from "../../support/lossy_mount.ts";
import { type Fault, LossyDisk, type Step } from "../../support/lossy_disk.ts";
import { openLossyPawl } from "../../support/lossy_pawl.ts";
import { openTestApp } from "../../support/pawl.ts";
import { simpleClient } from "../../support/simple_client.ts";
import { someBytes } from "../../support/bytes.ts";
import { FolderNode } from "../../support/lossy_nodes.ts";
import { oneMachineTest } from "../../support/test_store.ts";

const file = someBytes(10);

function named(path: string): Record<string, string> {
  return { "X-File-Path": path.split("/").map(encodeURIComponent).join("/") };
}

/**
 * Sends files to a server on a disk that fails where `faultAt` says so; gives the answers and the paths of the files.
 */
async function sendTo(
  disk: LossyDisk,
  paths: readonly string[],
  faultAt: (step: Step) => string | undefined = () => undefined,
) {
  await using pawl = await openLossyPawl(disk);
  disk.interfere = (step): Fault | undefined => {
    const code = faultAt(step);
    return code === undefined ? undefined : { error: Object.assign(new Error(`${code} (os error)`), { code }) };
  };
  const client = simpleClient(pawl.app);
  const texts: string[] = [];
  for (const [at, path] of paths.entries()) texts.push((await client.send(`${at}`, 0, file, named(path))).text);
  disk.interfere = () => undefined;
  await pawl.repair();
  return { texts, files: [...disk.files("files").keys()] };
}

const isBelow = ({ path }: Step) => path.startsWith("data/files/");
const parts = (step: Step) => isBelow(step) ? step.path.split("/").slice(2) : [];

/** A path that a disk refuses, and the path that the file gets instead of `wanted`. */
const REFUSALS: readonly {
  readonly name: string;
  readonly wanted: string;
  readonly found: string;
  faultAt(step: Step): string | undefined;
}[] = [
  {
    name: "names of more than 143 bytes, as eCryptfs does",
    wanted: `${"ü".repeat(100)}/${"x".repeat(200)}.pdf`,
    found: `${"u".repeat(100)}/${"x".repeat(96)}.pdf`,
    faultAt: (step) =>
      parts(step).some((part) => new TextEncoder().encode(part).length > 143) ? "ENAMETOOLONG" : undefined,
  },
  {
    name: "paths of more than 700 bytes",
    wanted: `${`${"d".repeat(200)}/`.repeat(8)}a.txt`,
    found: "a.txt",
    faultAt: (step) => step.path.length > 700 ? "ENAMETOOLONG" : undefined,
  },
  {
    name: "a colon, as Windows does",
    wanted: "12:30/a:b.txt",
    found: "12_30/a_b.txt",
    faultAt: (step) => isBelow(step) && step.path.includes(":") ? "EINVAL" : undefined,
  },
  {
    name: "a colon in the last name alone",
    wanted: "b/a:b.txt",
    found: "b/a_b.txt",
    faultAt: (step) => isBelow(step) && step.path.includes(":") ? "EINVAL" : undefined,
  },
  {
    name: "a link into a folder of another disk",
    wanted: "photos/2024/a.jpg",
    found: "a.jpg",
    faultAt: (step) => step.kind === "link" && step.path.includes("/photos/") ? "EXDEV" : undefined,
  },
  {
    name: "a new folder in one that is not the server's",
    wanted: "photos/2024/a.jpg",
    found: "a.jpg",
    faultAt: (step) => step.kind === "make folder" && step.path.includes("/photos/") ? "EACCES" : undefined,
  },
  {
    name: "a link into a folder that is not the server's",
    wanted: "photos/a.jpg",
    found: "a.jpg",
    faultAt: (step) => step.kind === "link" && step.path.includes("/photos/") ? "EPERM" : undefined,
  },
  {
    name: "a name of its own choosing",
    wanted: "AUX.txt",
    found: "file",
    faultAt: (step) => isBelow(step) && step.path.includes("AUX") ? "EINVAL" : undefined,
  },
];

for (const { name, wanted, found, faultAt } of REFUSALS) {
  oneMachineTest(`a disk that refuses ${name} gets the file under another one, whole and for good`, async () => {
    using _mount = mountLossyDisks();
    using disk = LossyDisk.empty();
    const { texts, files } = await sendTo(disk, [wanted, wanted], faultAt);
    assertEquals(texts, ["Success 10", "Success 10"]);
    const dot = found.lastIndexOf(".");
    const second = dot === -1 ? `${found} (2)` : `${found.slice(0, dot)} (2)${found.slice(dot)}`;
    assertEquals(files.sort(), [found, second].sort());
    const complete = [...disk.tables.uploads.values()].map((upload) => upload.state === "complete" && upload.path);
    assertEquals(complete.sort(), files.sort());
    // No folder is left that was made in vain.
    const folders = [...disk.nodes.values()].filter((node) =>
      node instanceof FolderNode && disk.namesOf(node.number) > 0
    );
    assertEquals(folders.length, 3 + found.split("/").length - 1);
  });
}

oneMachineTest("a time that the disk does not take does not keep a file from being finished", async () => {
  using _mount = mountLossyDisks();
  using disk = LossyDisk.empty();
  await using pawl = await openLossyPawl(disk);
  disk.interfere = ({ kind }) =>
    kind === "touch" ? { error: Object.assign(new Error("EINVAL"), { code: "EINVAL" }) } : undefined;
  const sent = await simpleClient(pawl.app).send("a", 0, file, { "X-File-Modified": "1000" });
  assertEquals(sent.text, "Success 10");
  assertEquals([...disk.files("files").keys()], ["a"]);
});

oneMachineTest(
  "a folder that is removed whenever a file is to be placed in it keeps no file from being finished",
  async () => {
    using _mount = mountLossyDisks();
    for (const [times, found] of [[1, "b/c/a"], [3, "b/c/a"], [Infinity, "a"]] as const) {
      using disk = LossyDisk.empty();
      let count = 0;
      const { texts, files } = await sendTo(disk, ["b/c/a"], ({ kind, path }) => {
        if (kind === "link" && path.startsWith("data/files/b/") && count++ < times) {
          (disk.find(["data", "files", "b"]) as FolderNode).seen.delete("c");
        }
        return undefined;
      });
      assertEquals([texts, files], [["Success 10"], [found]]);
    }
  },
);

oneMachineTest("names that a disk takes for one are numbered, for files and for folders", async () => {
  using _mount = mountLossyDisks();
  using disk = LossyDisk.empty({ ignoresCase: true });
  const { texts, files } = await sendTo(disk, ["Photos/A.txt", "photos/a.TXT", "PHOTOS/a.txt", "photos"]);
  assertEquals(texts, Array(4).fill("Success 10"));
  assertEquals(files.sort(), ["Photos/A.txt", "Photos/a (2).TXT", "Photos/a (3).txt", "photos (2)"].sort());
  // The first file is recorded but not placed yet. The next upload must not get the same name.
  using other = LossyDisk.empty({ ignoresCase: true });
  await using pawl = await openLossyPawl(other);
  const client = simpleClient(pawl.app);
  await Promise.all(["b.txt", "B.txt", "B.TXT"].map((name, at) => client.send(`${at}`, 0, file, named(name))));
  const names = [...other.files("files").keys()];
  assertEquals(new Set(names.map((name) => name.toLowerCase())), new Set(["b.txt", "b (2).txt", "b (3).txt"]));
});

Deno.test("names that differ in their Unicode form alone are one name, and numbered", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const forms = ["NFC", "NFD", "NFC", "NFD"].map((form) => "Grüße.txt".normalize(form));
  await Promise.all(forms.map((name, at) => client.send(`${at}`, 0, file, named(name))));
  const plain = forms[0]!.replace(".txt", "");
  const names = (await pawl.finishedNames()).sort();
  assertEquals(names, [`${plain}.txt`, `${plain} (2).txt`, `${plain} (3).txt`, `${plain} (4).txt`].sort());
});

Deno.test("names that were sent to make the search for a number long do not, nor its repair at the next start", async () => {
  await using pawl = await openTestApp();
  const client = simpleClient(pawl.app);
  const names = ["a.txt", ...Array.from({ length: 53 }, (_, at) => `a (${2 ** (at + 1)}).txt`)];
  for (const name of names) assertEquals((await client.send(name, 0, file, named(name))).text, "Success 10");
  assertEquals((await client.send("one more", 0, file, named("a.txt"))).text, "Success 10");
  const [found, ...others] = (await pawl.finishedNames()).filter((name) => !names.includes(name));
  assertEquals(others, []);
  const number = Number(/^a \((\d+)\)\.txt$/.exec(found ?? "")?.[1]);
  assert(number > 2 ** 20 && number <= 2 ** 32 + 2 ** 20, found);
  for (const name of ["d", ...Array.from({ length: 53 }, (_, at) => `d (${2 ** (at + 1)})`)]) {
    await client.send(name, 0, file, named(name));
  }
  assertEquals((await client.send("in a folder", 0, file, named("d/x"))).text, "Success 10");
  await pawl.repair(new AbortController().signal);
});
