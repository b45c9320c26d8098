import { median, percentile } from "../bench/stats.ts";
import type { Findings } from "./report.ts";

/** One curve: its values by time, in seconds. */
export interface Curve {
  readonly name: string;
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

/** One panel of the graph: some curves over the time of the run, with their unit. */
export interface Panel {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly isLogarithmic?: boolean;
}

/** A moment at which the server ended. */
export interface Mark {
  readonly at: number;
  readonly how: "restart" | "kill";
}

const WIDTH = 960;
const PANEL = { left: 64, right: 16, top: 30, height: 110, gap: 22 };
const FOOT = 44;

/** Colours that stand out on white and on black. */
const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #57606a }
  .title { font-weight: 600; fill: #1f2328 }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .curve { fill: none; stroke-width: 1.5; stroke-linejoin: round }
  .c0 { stroke: #0969da } .c1 { stroke: #bc4c00 } .c2 { stroke: #1a7f37 }
  .restart { stroke: #8250df; stroke-dasharray: 2 3 } .kill { stroke: #cf222e; stroke-dasharray: 5 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .title { fill: #f0f6fc } .grid { stroke: #3d444d }
    .c0 { stroke: #4493f8 } .c1 { stroke: #f0883e } .c2 { stroke: #3fb950 }
    .restart { stroke: #ab7df8 } .kill { stroke: #f85149 }
  }`;

/** Draws panels below each other, with the server's ends as lines through all of them, as SVG. */
export function graphOf(panels: readonly Panel[], marks: readonly Mark[], seconds: number): string {
  const step = PANEL.top + PANEL.height + PANEL.gap;
  const height = panels.length * step + FOOT;
  const x = (at: number) => PANEL.left + at / seconds * (WIDTH - PANEL.left - PANEL.right);
  const bottom = panels.length * step - PANEL.gap;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    "<title>A soak of Pawl: memory, open files, database, throughput and latency over the time of the run</title>",
    `<style>${STYLE}\n</style>`,
    ...marks.map(({ at, how }) => line(how, x(at), PANEL.top, x(at), bottom)),
    ...panels.map((panel, index) => drawPanel(panel, index * step + PANEL.top, x)),
    ...ticks(seconds / 60).map((minute) => text(x(minute * 60), bottom + 18, `${minute} min`, "middle")),
    line("restart", PANEL.left, height - 8, PANEL.left + 24, height - 8),
    text(PANEL.left + 30, height - 4, "restart (SIGTERM)"),
    line("kill", PANEL.left + 170, height - 8, PANEL.left + 194, height - 8),
    text(PANEL.left + 200, height - 4, "kill -9"),
    "</svg>\n",
  ].join("\n");
}

function drawPanel({ title, curves, isLogarithmic = false }: Panel, top: number, x: (at: number) => number): string {
  const values = curves.flatMap(({ points }) => points.map(({ value }) => value));
  const most = Math.max(1e-9, values.reduce((one, other) => Math.max(one, other), 0));
  const least = isLogarithmic ? Math.max(0.1, values.reduce((one, other) => Math.min(one, other), most)) : 0;
  const scale = (value: number) =>
    isLogarithmic ? Math.log(Math.max(value, least) / least) / Math.log(most * 1.1 / least) : value / (most * 1.05);
  const y = (value: number) => top + PANEL.height * (1 - scale(value));
  const grid = (isLogarithmic ? decades(least, most) : ticks(most)).flatMap((value) => [
    line("grid", PANEL.left, y(value), WIDTH - PANEL.right, y(value)),
    text(PANEL.left - 6, y(value) + 4, String(value), "end"),
  ]);
  const names = curves.map(({ name }, index) => {
    const left = PANEL.left + 330 + index * 150;
    return line(`curve c${index}`, left, top - 12, left + 18, top - 12) + text(left + 24, top - 8, name);
  });
  const drawn = curves.map(({ points }, index) => `<path class="curve c${index}" d="${pathOf(points, x, y)}"/>`);
  return [`<text class="title" x="${PANEL.left}" y="${top - 8}">${title}</text>`, ...names, ...grid, ...drawn].join(
    "\n",
  );
}

/** A gap of some seconds between two points is a gap in the curve: the server was away. */
function pathOf(points: Curve["points"], x: (at: number) => number, y: (value: number) => number): string {
  let last = -Infinity;
  const usual = points.length > 1 ? median(points.slice(1).map(({ at }, index) => at - points[index]!.at)) : 1;
  return points.map(({ at, value }) => {
    const command = at - last > Math.max(3, 3 * usual) ? "M" : "L";
    last = at;
    return `${command}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
  }).join("");
}

/** Round numbers from 0 up to `most`, three to six of them. */
export function ticks(most: number): number[] {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough)!;
  return Array.from(
    { length: Math.floor(most / step + 1e-9) + 1 },
    (_, index) => Number((index * step).toPrecision(12)),
  );
}

function decades(least: number, most: number): number[] {
  const powers = Array.from({ length: 7 }, (_, index) => Number((10 ** (index - 1)).toPrecision(3)));
  return powers.filter((value) => value >= least && value <= most * 1.1);
}

function line(name: string, x1: number, y1: number, x2: number, y2: number): string {
  const [left, top, right, bottom] = [x1, y1, x2, y2].map((value) => value.toFixed(1));
  return `<path class="${name}" d="M${left} ${top}L${right} ${bottom}"/>`;
}

function text(x: number, y: number, what: string, anchor = "start"): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${what}</text>`;
}

/** The panels of a run, with not more points than can be seen. */
export function panelsOf({ sights, asked, seconds }: Findings): Panel[] {
  const window = Math.max(1, seconds / 300);
  const curve = (name: string, value: (sight: Findings["sights"][number]) => number | undefined): Curve => ({
    name,
    points: inWindows(sights, window).map((group) => ({
      at: group[0]!.at,
      value: Math.max(...group.map((sight) => value(sight) ?? 0)),
    })).filter(({ value }) => value > 0),
  });
  const times = (name: string, share: number): Curve => ({
    name,
    points: inWindows(asked, 3 * window).map((group) => ({
      at: group[0]!.at,
      value: percentile(group.map(({ ms }) => ms), share),
    })),
  });
  const rates = inWindows(sights, 3 * window).flatMap((group) => {
    const [first, last] = [group[0]!, group.at(-1)!];
    return last.at === first.at ? [] : [{ at: first.at, value: (last.sent - first.sent) / (last.at - first.at) / 1e6 }];
  });
  return [
    {
      title: "Memory, MiB",
      curves: [curve("RSS", ({ rss }) => rss / 2 ** 20), curve("heap", ({ heap }) => heap && heap / 2 ** 20)],
    },
    {
      title: "Open files and threads",
      curves: [curve("open files", ({ fds }) => fds), curve("threads", ({ threads }) => threads)],
    },
    { title: "pawl.db with its log, MiB", curves: [curve("size", ({ database }) => database / 2 ** 20)] },
    { title: "Sent by all people, MB/s", curves: [{ name: "sent", points: rates }] },
    {
      title: "Time to an answer, ms (GET /status, /healthz, HEAD)",
      curves: [times("median", 0.5), times("p99", 0.99)],
      isLogarithmic: true,
    },
  ];
}

function inWindows<T extends { readonly at: number }>(items: readonly T[], seconds: number): T[][] {
  return [...Map.groupBy(items, ({ at }) => Math.floor(at / seconds)).values()];
}
