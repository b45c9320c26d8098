import { fromFileUrl } from "@std/path";
import { graphOf, panelsOf } from "./graph.ts";
import { readOptions, USAGE } from "./options.ts";
import { type Findings, reportOf } from "./report.ts";
import { soak } from "./soak.ts";
import { print } from "./print.ts";

/** The place of the report among the documentation. */
const DOCS = fromFileUrl(new URL("../../docs/", import.meta.url));

const HEAD = `# The soak

\`deno task soak [MINUTES] --write-docs\` wrote this page. It lets people upload by the simple protocol, tus and forms to a
server that is restarted and killed at random. Their connections break and go on. It compares everything that was
acknowledged.

![Memory, open files, database, throughput and latency over the time of the run](soak.svg)

`;

async function writeDocs(report: string, findings: Findings): Promise<void> {
  const marks = findings.lives.flatMap(({ to, end }) => end === "over" ? [] : [{ at: to / 1000, how: end }]);
  await Deno.writeTextFile(`${DOCS}soak.svg`, graphOf(panelsOf(findings), marks, findings.seconds));
  await Deno.writeTextFile(`${DOCS}soak.md`, `${HEAD}${report}\n`);
  const { success } = await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", `${DOCS}soak.md`] }).output();
  if (!success) throw new Error("Cannot format docs/soak.md");
}

if (Deno.args.includes("--help")) {
  print(USAGE);
} else {
  try {
    const options = readOptions(Deno.args);
    const findings = await soak(options, print);
    const report = reportOf(findings);
    print(`\n${report}`);
    if (options.writeDocs) await writeDocs(report, findings);
    Deno.exitCode = findings.account.faults.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    print(`${error.message}\n\n${USAGE}`);
    Deno.exitCode = 1;
  }
}
