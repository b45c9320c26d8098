import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { programTest } from "../support/programs.ts";
import { BUBBLEWRAP, inSandbox } from "../support/sandbox.ts";
import { tempDir } from "../support/temp_dir.ts";
import { parseUnits } from "../support/unit_file.ts";

const ANALYZE = Deno.env.get("PAWL_SYSTEMD_ANALYZE") ?? "/usr/bin/systemd-analyze";
const service = await Deno.readTextFile(new URL("../../deploy/pawl.service", import.meta.url));
const byDeno = await Deno.readTextFile(new URL("../../deploy/pawl-deno.conf", import.meta.url));

/** Runs `systemd-analyze` on the service, with a program that is on this machine in the place of Pawl's. */
async function analyze(command: readonly string[], more?: string): Promise<{ code: number; text: string }> {
  await using dir = await tempDir();
  const path = join(dir.path, "pawl.service");
  const here = (text: string) => text.replaceAll(/\/usr\/local\/bin\/(?:pawl|deno)\b/g, "/bin/true");
  await Deno.writeTextFile(path, here(service));
  if (more !== undefined) {
    await Deno.mkdir(`${path}.d`);
    await Deno.writeTextFile(join(`${path}.d`, "deno.conf"), here(more));
  }
  const { code, stdout, stderr } = await new Deno.Command(ANALYZE, { args: [...command, path] }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

const needs = { programs: [ANALYZE], variable: "PAWL_SYSTEMD_ANALYZE" };

programTest("systemd understands every line of pawl.service, and of the variant for Deno", {
  ...needs,
  async run() {
    for (const more of [undefined, byDeno]) assertEquals(await analyze(["verify"], more), { code: 0, text: "" });
  },
});

programTest("systemd counts the exposure of pawl.service as at most 1.5 of 10", {
  ...needs,
  async run() {
    const { code, text } = await analyze(["security", "--offline=true", "--threshold=15"]);
    assertEquals(code, 0, text);
    assertMatch(text, /Overall exposure level .*: [01]\.\d OK/);
  },
});

Deno.test("pawl.service leaves out the two restrictions that break V8 or the boot id, and says why", () => {
  const settings = parseUnits(service).get("Service")!;
  for (const name of ["MemoryDenyWriteExecute", "ProcSubset"]) {
    assertEquals(settings.has(name), false);
    assert(service.includes(`# `) && service.includes(name), `${name} is not explained`);
  }
});

programTest("the variant for Deno runs with the permissions that it names, and tells systemd that it is well", {
  programs: [BUBBLEWRAP],
  variable: "PAWL_BUBBLEWRAP",
  async run() {
    const settings = parseUnits(service, byDeno).get("Service")!;
    const [line = "", ...more] = settings.get("ExecStart")!;
    assertEquals(more, []);
    const env = Object.fromEntries(
      settings.get("Environment")!.flatMap((text) => text.split(" ")).map((pair) => {
        const [, name = "", value = ""] = /^(\w+)=(.*)$/.exec(pair) ?? [];
        return [name, value];
      }),
    );
    const command = line.split(/\s+/);
    const notifySocket = "/run/systemd/notify";
    const seen = await inSandbox({
      command,
      env: { ...env, NOTIFY_SOCKET: notifySocket, WATCHDOG_USEC: "1500000", RUNTIME_DIRECTORY: "/run/pawl" },
      url: "http://127.0.0.1:8080",
      notifySocket,
    }, {
      deno: command[0]!,
      source: "/opt/pawl",
      cache: env["DENO_DIR"]!,
      writable: ["/var/lib/private/pawl", "/run/pawl", "/run/systemd"],
      // With DynamicUser= the state folder lies where only the service can enter.
      links: { "/var/lib/pawl": "private/pawl" },
    });
    assertEquals([seen.library, seen.uploaded, seen.downloaded, seen.ready], [200, "Success 10", "some bytes", 200]);
    assertMatch(seen.title, /Pawl/);
    const [signs, others] = [true, false].map((isSign) =>
      seen.told.filter((text) => (text === "WATCHDOG=1") === isSign)
    );
    assertEquals(others, ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]);
    // The signs come between the others as often as there was time.
    assert(signs!.length > 0 && seen.told.at(-1) === "STOPPING=1", seen.told.join());
    assertEquals(seen.code, 0, seen.output);
    // On a busy machine an answer may be late for a watchdog that is this short.
    const wrong = seen.output.split("\n").filter((line) =>
      /"level":"(?:WARN|ERR)|NotCapable/i.test(line) && !line.includes("did not answer its own request")
    );
    assertEquals(wrong, []);
  },
});
