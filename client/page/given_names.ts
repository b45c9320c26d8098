/** The names that browsers give to pictures without a name: from the clipboard, and from the camera of a phone. */
const NAMELESS = /^(image|video|photo|trim\.[\w-]+)\.(\w+)$/i;
/** A picture that was made for the clipboard or by the camera has the time of now, a copied file an earlier one. */
const NEW_MS = 60_000;

/** Names pictures that came without a name by their time, so that three of them are told apart. */
export class GivenNames {
  #last = "";
  #count = 1;

  /** Gives the file, under a name such as "Pasted 2026-11-30 04.06.40.png" if it has none of its own. */
  named(file: File, { word, now }: { word: string; now: Date }): File {
    const ending = NAMELESS.exec(file.name)?.[2];
    if (ending === undefined || now.getTime() - file.lastModified > NEW_MS) return file;
    const stem = `${word} ${timeIn(now)}`;
    this.#count = stem === this.#last ? this.#count + 1 : 1;
    this.#last = stem;
    const name = this.#count === 1 ? stem : `${stem} (${this.#count})`;
    return new File([file], `${name}.${ending}`, { type: file.type, lastModified: file.lastModified });
  }
}

/** The local time, in the order of its digits and without marks that a name cannot have on every system. */
function timeIn(time: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(".")}`;
}
