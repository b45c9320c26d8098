/**
 * The file to upload: `source`, under `name` when that is given. A `Blob` that is no `File` has no time of its own:
 * `lastModified` is NaN, which no header tells, and the same bytes under the same name go on on a later page.
 */
export function namedFile(source: Blob, name: string | undefined): File {
  const isFile = "lastModified" in source;
  if (isFile && (name === undefined || name === (source as File).name)) return source as File;
  const { lastModified } = source as File;
  const file = new File([source], name ?? "", { type: source.type, ...isFile && { lastModified } });
  if (!isFile) Object.defineProperty(file, "lastModified", { value: NaN });
  return file;
}
