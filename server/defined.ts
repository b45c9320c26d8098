/** `T` with each property that could be `undefined` made optional: it is absent, or it has a value. */
export type Defined<T> =
  & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] }
  & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** Copies an object without the properties that are `undefined`. */
export function defined<T extends object>(values: T): Defined<T>;
export function defined(values: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const key in values) {
    if (values[key] !== undefined) result[key] = values[key];
  }
  return result;
}
