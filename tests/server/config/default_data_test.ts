import { assertEquals } from "@std/assert";
import { parseCommandLine } from "../../../server/config/command_line.ts";
import { readSettings } from "../../../server/config/config.ts";
import { chooseData, type Whereabouts } from "../../../server/config/default_data.ts";
import { openEnvironment } from "../../../server/config/environment.ts";
import { helpText } from "../../../server/config/help.ts";
import { withConfigFile } from "../../../server/config/load_settings.ts";

/** Chooses with only these variables set, and only these files there. */
function choose(
  os: Whereabouts["os"],
  cwd: string,
  variables: Record<string, string>,
  files: readonly string[] = [],
): string {
  return chooseData({ os, cwd, env: (name) => variables[name], has: (path) => files.includes(path) }).folder;
}

Deno.test("a binary on Linux keeps its files where XDG says, systemd's folder before it", () => {
  const cases: [Record<string, string>, string][] = [
    [{ HOME: "/home/ada" }, "/home/ada/.local/share/pawl"],
    [{ HOME: "/home/ada", XDG_DATA_HOME: "/mnt/big" }, "/mnt/big/pawl"],
    [{ HOME: "/home/ada", XDG_DATA_HOME: "relative" }, "/home/ada/.local/share/pawl"],
    [{ HOME: "/home/ada", XDG_DATA_HOME: "" }, "/home/ada/.local/share/pawl"],
    [{ HOME: "/root" }, "/root/.local/share/pawl"],
    [{ HOME: "/root", STATE_DIRECTORY: "/var/lib/pawl" }, "/var/lib/pawl"],
    [{ STATE_DIRECTORY: "/var/lib/pawl:/var/lib/other" }, "/var/lib/pawl"],
    [{ STATE_DIRECTORY: "pawl", HOME: "/root" }, "/root/.local/share/pawl"],
    [{ HOME: "" }, "/work/data"],
    [{}, "/work/data"],
  ];
  for (const [variables, folder] of cases) {
    assertEquals([variables, choose("linux", "/work", variables)], [variables, folder]);
  }
});

Deno.test("a binary on macOS and on Windows keeps its files where their programs do", () => {
  assertEquals(choose("darwin", "/work", { HOME: "/Users/ada" }), "/Users/ada/Library/Application Support/Pawl");
  assertEquals(choose("darwin", "/work", { HOME: "/Users/ada", XDG_DATA_HOME: "/x" }).startsWith("/Users"), true);
  assertEquals(choose("darwin", "/work", {}), "/work/data");
  const local = "C:\\Users\\ada\\AppData\\Local";
  assertEquals(choose("windows", "D:\\work", { LOCALAPPDATA: local, HOME: "/x" }), `${local}\\Pawl`);
  assertEquals(choose("windows", "D:\\work", { USERPROFILE: "C:\\Users\\ada" }), `${local}\\Pawl`);
  assertEquals(choose("windows", "D:\\work", { STATE_DIRECTORY: "C:\\x", LOCALAPPDATA: "rel" }), "D:\\work\\data");
});

Deno.test("files that an earlier binary kept in the working folder are found there, but not by a service", () => {
  assertEquals(choose("linux", "/work", { HOME: "/home/ada" }, ["/work/data/pawl.db"]), "/work/data");
  assertEquals(choose("linux", "/", { STATE_DIRECTORY: "/var/lib/pawl" }, ["/data/pawl.db"]), "/var/lib/pawl");
  assertEquals(choose("windows", "D:\\w", { LOCALAPPDATA: "C:\\l" }, ["D:\\w\\data\\pawl.db"]), "D:\\w\\data");
  // A folder of that name alone may be anybody's.
  assertEquals(choose("linux", "/work", { HOME: "/home/ada" }, ["/work/data"]), "/home/ada/.local/share/pawl");
});

Deno.test("the chosen folder counts behind the command line, the environment and the file, for every command", async () => {
  const chosenData = { folder: "/chosen", why: "the default" };
  const read = (args: string[], sources: Record<string, string>, file?: Record<string, string>) => {
    const { config, whyData } = readSettings(parseCommandLine(args), {
      env: (name) => sources[name],
      ...file && { file: { path: "/f", texts: new Map(Object.entries(file)) } },
      chosenData,
    });
    return [config.data, whyData];
  };
  assertEquals(read([], {}), ["/chosen", "the default"]);
  assertEquals(read([], {}, { data: "/by-file" }), ["/by-file", undefined]);
  assertEquals(read([], { PAWL_DATA: "/by-env" }, { data: "/by-file" }), ["/by-env", undefined]);
  assertEquals(read(["--data", "/chosen"], { PAWL_DATA: "/by-env" }), ["/chosen", undefined]);
  assertEquals((await withConfigFile({ env: () => undefined, chosenData }))("PAWL_DATA"), "/chosen");
  assertEquals(
    (await withConfigFile({ env: (name) => name === "PAWL_DATA" ? "/by-env" : undefined, chosenData }))("PAWL_DATA"),
    "/by-env",
  );
});

Deno.test("a checkout keeps its files in data as ever, and --help of a binary says where it keeps them", async () => {
  assertEquals((await openEnvironment()).chosenData, undefined);
  const { chosenData } = await openEnvironment(true);
  assertEquals(chosenData?.folder.startsWith("/"), true);
  assertEquals(helpText([]).includes("(PAWL_DATA; default data)"), true);
  assertEquals(
    helpText([], "/home/ada/.local/share/pawl").includes("(PAWL_DATA; default /home/ada/.local/share/pawl)"),
    true,
  );
});
