import { doctor, type DoctorSurroundings } from "../../server/commands/doctor.ts";
import { FULL_PLAN, type Plan } from "../../server/doctor/plan.ts";

/** A plan that sends little and waits little. What has to come is waited for long. */
export const SHORT_PLAN: Plan = {
  ...FULL_PLAN,
  fileBytes: 8 * 1024,
  cutBytes: 64 * 1024,
  throughMs: 500,
  settleMs: 20_000,
  largeBytes: 2 ** 20,
  announcedBytes: 2 ** 30,
  refusalMs: 150,
  silenceMs: 0,
  slowMs: 0,
  slowBytes: 8 * 1024,
};

/** What `doctor` has printed. */
export interface DoctorResult {
  readonly code: number;
  readonly printed: readonly string[];
  readonly told: readonly string[];
  /** The codes of its findings, the worst first. */
  readonly codes: readonly string[];
  // deno-lint-ignore no-explicit-any -- tests read it by hand
  readonly json: any;
}

/** Runs `doctor --json` in this process. */
export async function runDoctor(
  args: readonly string[],
  wishes: Partial<Omit<DoctorSurroundings, "env">> & { readonly env?: Record<string, string> } = {},
): Promise<DoctorResult> {
  const { env = {}, ...given } = wishes;
  const printed: string[] = [];
  const told: string[] = [];
  const code = await doctor(["--json", ...args], {
    env: (name) => env[name],
    print: (line) => void printed.push(line),
    tell: (line) => void told.push(line),
    signal: new AbortController().signal,
    now: Date.now,
    plan: SHORT_PLAN,
    ...given,
  });
  const json = printed.length === 0 ? undefined : JSON.parse(printed[0]!);
  const codes = (json?.findings ?? []).map(({ code }: { code: string }) => code);
  return { code, printed, told, codes, json };
}
