/** The side of a thumbnail in pixels of the screen: twice the pixels of the page. */
const SIDE = 80;
/** A larger picture would take too long to be read, and too much memory. */
const LARGEST_BYTES = 30e6;
/** How many thumbnails are kept for rows that come back into sight. */
const MOST_KEPT = 200;
/** The pictures that a browser can draw without an address, so the page's policy stays as it is. */
const DRAWN = /^image\/(jpeg|png|gif|webp|avif|bmp)$/;

/** Draws small pictures of the files whose rows are in sight, one after the other. */
export class Thumbnails {
  readonly #files = new WeakMap<Element, File>();
  readonly #wanted = new Set<HTMLElement>();
  readonly #drawn = new Map<File, HTMLCanvasElement>();
  readonly #failed = new WeakSet<File>();
  readonly #watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#wanted.add(target as HTMLElement);
      else this.#wanted.delete(target as HTMLElement);
    }
    this.#drawAll();
  });
  #isDrawing = false;

  /** Draws the file into `place` when that comes into sight, if it is a picture. */
  add(place: HTMLElement, file: File): void {
    if (!DRAWN.test(file.type) || file.size > LARGEST_BYTES || this.#failed.has(file)) return;
    const drawn = this.#drawn.get(file);
    if (drawn !== undefined) return place.replaceChildren(drawn);
    this.#files.set(place, file);
    this.#watch.observe(place);
  }

  /** Forgets a place whose row is gone. */
  remove(place: HTMLElement): void {
    this.#watch.unobserve(place);
    this.#wanted.delete(place);
  }

  async #drawAll(): Promise<void> {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    for (const place of this.#wanted) {
      this.remove(place);
      const file = this.#files.get(place);
      if (file !== undefined) await this.#draw(place, file);
    }
    this.#isDrawing = false;
  }

  async #draw(place: HTMLElement, file: File): Promise<void> {
    try {
      const picture = await createImageBitmap(file, { resizeWidth: 2 * SIDE, resizeQuality: "medium" });
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = SIDE;
      const side = Math.min(picture.width, picture.height);
      const [x, y] = [(picture.width - side) / 2, (picture.height - side) / 2];
      canvas.getContext("2d")?.drawImage(picture, x, y, side, side, 0, 0, SIDE, SIDE);
      picture.close();
      this.#drawn.set(file, canvas);
      place.replaceChildren(canvas);
    } catch {
      // It is no picture after all, or cannot be read. The sign stays.
      this.#failed.add(file);
    }
    const [oldest] = this.#drawn.keys();
    if (this.#drawn.size > MOST_KEPT && oldest !== undefined) this.#drawn.delete(oldest);
  }
}
