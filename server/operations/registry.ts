/** A metric: a name, what it means, and its values when they are asked for. */
interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** The lines with the values. Never throws. */
  lines(): Promise<string[]> | string[];
}

/** The values of labels, by the labels' names. */
export type Labels<L extends string> = Readonly<Record<L, string | number>>;

/** A number that only grows, or several of them, one for each set of labels. */
export interface Counter<L extends string = never> {
  /** Adds `by` to the number of these labels, which is there from the first call on. */
  inc(...counted: [L] extends [never] ? [] : [labels: Labels<L>, by?: number]): void;
}

/** A distribution of numbers. */
export interface Histogram {
  observe(value: number): void;
}

/** All metrics of a server, in the text format of Prometheus (version 0.0.4). */
export class Registry {
  readonly contentType = "text/plain; version=0.0.4; charset=utf-8";
  readonly #metrics: Metric[] = [];

  /** Defines a counter. One without labels is 0 at first. */
  counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    const values = new Map<string, number>(labelNames.length === 0 ? [["", 0]] : []);
    this.#metrics.push({
      name,
      help,
      type: "counter",
      lines: () => Array.from(values, ([labels, value]) => `${name}${labels} ${value}`),
    });
    return {
      inc(...[labels, by = 1]: [labels?: Labels<L>, by?: number]) {
        const key = labels === undefined ? "" : textOf(labelNames.map((label) => [label, labels[label]]));
        values.set(key, (values.get(key) ?? 0) + by);
      },
    };
  }

  /** Defines a number that is looked up when it is asked for. While the look fails it has no value. */
  lookedUp(
    type: "counter" | "gauge",
    { name, help, look }: { name: string; help: string; look: () => number | Promise<number> },
  ): void {
    const line = async () => [`${name} ${await look()}`];
    this.#metrics.push({ name, help, type, lines: () => line().catch(() => []) });
  }

  /** Defines a histogram with these upper bounds, the lowest first. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const counts = new Array<number>(bounds.length + 1).fill(0);
    let sum = 0;
    this.#metrics.push({
      name,
      help,
      type: "histogram",
      lines() {
        let count = 0;
        const buckets = [...bounds, "+Inf"].map((bound, index) => {
          count += counts[index]!;
          return `${name}_bucket${textOf([["le", bound]])} ${count}`;
        });
        return [...buckets, `${name}_sum ${sum}`, `${name}_count ${count}`];
      },
    });
    return {
      observe(value) {
        const index = bounds.findIndex((bound) => value <= bound);
        counts[index < 0 ? bounds.length : index]!++;
        sum += value;
      },
    };
  }

  /** The text of all metrics. */
  async text(): Promise<string> {
    const texts = await Promise.all(this.#metrics.map(async (metric) => {
      const { name, help, type } = metric;
      const head = [
        `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
        `# TYPE ${name} ${type}`,
      ];
      return [...head, ...await metric.lines()].join("\n");
    }));
    return `${texts.join("\n\n")}\n`;
  }
}

function textOf(labels: readonly (readonly [name: string, value: string | number])[]): string {
  const escaped = (value: string | number) =>
    String(value).replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
  return `{${labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(",")}}`;
}
