/** A unit of systemd: each setting of a section with its values, in their order. */
export type Unit = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** Reads units of systemd, the later ones over the earlier ones. An empty value removes those before it. */
export function parseUnits(...texts: readonly string[]): Unit {
  const unit = new Map<string, Map<string, string[]>>();
  for (const text of texts) {
    let section = "";
    for (const line of text.replaceAll(/\\\n/g, " ").split("\n")) {
      if (/^\s*(?:[#;]|$)/.test(line)) continue;
      section = /^\[(.+)\]$/.exec(line)?.[1] ?? section;
      const [, name = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
      if (name === "") continue;
      const settings = unit.get(section) ?? new Map<string, string[]>();
      const values = value === "" ? [] : [...settings.get(name) ?? [], value.trim()];
      unit.set(section, settings.set(name, values));
    }
  }
  return unit;
}
