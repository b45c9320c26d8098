/** The facts of the checkout that a release depends on. */
export interface ReleaseFacts {
  /** The version to release. */
  readonly version: string;
  /** The version that each file has, by the files' names. */
  readonly versions: Readonly<Record<string, string | undefined>>;
  /** The text of CHANGELOG.md. */
  readonly changelog: string;
  /** The output of `git status --porcelain`. */
  readonly changes: string;
  /** The tags of the present commit. */
  readonly tags: readonly string[];
}

/** A version as SemVer has it, without what may follow behind a plus. */
const VERSION = /^\d+\.\d+\.\d+(-[\w.-]+)?$/;

/** The heading of a version in the changelog: `## 1.2.3 – 2026-12-01`. */
const HEADING = /^## (\S+) – (.*)$/m;

/** Gives what stands in the way of a release, each as a line that says what to do; nothing if all is well. */
export function problemsOf({ version, versions, changelog, changes, tags }: ReleaseFacts): string[] {
  if (!VERSION.test(version)) return [`"${version}" is no version: give one like 1.2.3`];
  const problems = Object.entries(versions).filter(([, has]) => has !== version)
    .map(([file, has]) => `${file} has version ${has ?? "none"}: change it to ${version}`);
  const [, newest, day = ""] = HEADING.exec(changelog) ?? [];
  if (newest !== version) problems.push(`CHANGELOG.md begins with ${newest ?? "no version"}: begin it with ${version}`);
  else if (!/^\d{4}-\d\d-\d\d$/.test(day)) problems.push(`CHANGELOG.md says "${day}" of ${version}: give the day`);
  const lines = changes.split("\n").filter((line) => line !== "");
  if (lines.length > 0) problems.push(`${lines.length} files are not as in the last commit: commit them, or undo that`);
  if (!tags.includes(`v${version}`)) problems.push(`This commit has no tag v${version}: check that out, or make it`);
  return problems;
}
