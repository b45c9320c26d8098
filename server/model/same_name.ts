/** Maps a path to a text. Two paths are one name when their texts are equal. */
export type SameName = (path: string) => string;

/**
 * Makes the function that tells which paths are one name. Composed and decomposed Unicode are always one name, because
 * a person sees no difference. Upper and lower case are one name on a disk that ignores case.
 */
export function createSameName({ ignoresCase }: { ignoresCase: boolean }): SameName {
  if (!ignoresCase) return (path) => path.normalize("NFC");
  // Upper case comes first: a letter such as the Greek sigma has several small forms and one capital.
  return (path) => path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}
