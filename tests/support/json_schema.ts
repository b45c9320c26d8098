import { assertEquals } from "@std/assert";

/** A JSON schema, as far as docs/api.md uses it. */
export interface Schema {
  readonly type: string;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly format?: "date-time";
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const docs = await Deno.readTextFile(new URL("../../docs/api.md", import.meta.url));

/** The first schema in the section of docs/api.md that has this head, with `more` behind it. */
export function schemaOf(head: string, more = ""): Schema {
  const [, section = ""] = docs.split(`## \`${head}\`${more}\n`);
  return JSON.parse(/^```json\n(.*?)^```$/ms.exec(section)?.[1] ?? "");
}

/** Throws when a value does not have the form of a schema, or has more than it says. */
export function checkForm(value: unknown, schema: Schema): void {
  const { type, required = [], properties, items, enum: values, format } = schema;
  const found = Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;
  assertEquals([value, found], [value, type]);
  if (Array.isArray(value)) return void value.forEach((item) => checkForm(item, items!));
  if (typeof value === "string") {
    if (values !== undefined) assertEquals([value, values.includes(value)], [value, true]);
    if (format !== undefined) assertEquals(new Date(value).toISOString(), value);
  }
  if (typeof value !== "object" || value === null) return;
  assertEquals(required.filter((name) => !(name in value)), []);
  for (const [name, own] of Object.entries(value)) {
    assertEquals([name, properties?.[name] !== undefined], [name, true]);
    checkForm(own, properties![name]!);
  }
}
