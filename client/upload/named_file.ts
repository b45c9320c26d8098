/**
 * Gives the file to upload: `source`, under `name` if there is one. A `Blob` that is no `File` has no time of its own,
 * so its `lastModified` is NaN, and no header tells a time. The same bytes under the same name have the same id on a
 * later page, so their upload goes on.
 */
export function namedFile(source: Blob, name: string | undefined): File {
  const isFile = "lastModified" in source;
  if (isFile && (name === undefined || name === (source as File).name)) return source as File;
  // Its own properties are the options that a copy of it needs.
  return Object.defineProperties(new File([source], name ?? "", source as File), {
    ...!isFile && { lastModified: { value: NaN } },
    // The bytes of a subclass are those that its own methods give. Nothing else of it is asked.
    size: { value: source.size },
    slice: { value: source.slice.bind(source) },
  });
}
