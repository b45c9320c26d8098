/** The kind of a file, for the sign beside its name. */
export type FileKind = "image" | "video" | "audio" | "text" | "archive" | "code" | "other";

const BY_ENDING: Readonly<Record<Exclude<FileKind, "other">, string>> = {
  image: "jpg jpeg png gif webp avif heic heif bmp tif tiff svg raw cr2 cr3 nef arw dng psd ico",
  video: "mp4 mkv mov avi webm m4v mpg mpeg wmv mts m2ts 3gp",
  audio: "mp3 wav flac aac ogg opus m4a wma aif aiff mid",
  text: "pdf doc docx odt rtf txt md xls xlsx ods csv ppt pptx odp epub pages numbers key tex hwp",
  archive: "zip tar gz tgz bz2 xz zst 7z rar iso dmg img deb rpm jar apk",
  code: "js ts py c h cpp rs go java kt rb php sh html css json xml yaml yml toml sql ipynb",
};

const KINDS: ReadonlyMap<string, FileKind> = new Map(
  Object.entries(BY_ENDING).flatMap(([kind, endings]) =>
    endings.split(" ").map((ending): [string, FileKind] => [ending, kind as FileKind])
  ),
);

/** Tells what a file is by the end of its name, and else by its media type. */
export function fileKind(name: string, type = ""): FileKind {
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  const known = KINDS.get(ending);
  if (known !== undefined) return known;
  const [group] = type.split("/");
  return group === "image" || group === "video" || group === "audio" || group === "text" ? group : "other";
}
