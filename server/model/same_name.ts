/** Gives the same text for paths that are one name. */
export type SameName = (path: string) => string;

/**
 * Makes the function that tells which paths are one name: composed and decomposed Unicode always are, for a person sees no
 * difference, and upper and lower case are on a disk that ignores it.
 */
export function createSameName({ ignoresCase }: { ignoresCase: boolean }): SameName {
  if (!ignoresCase) return (path) => path.normalize("NFC");
  // Upper case first: it brings together what has several small letters, as the Greek sigma.
  return (path) => path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}
