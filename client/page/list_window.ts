/** The rows of a long list that are drawn, and the room of the others. */
export interface ListWindow {
  /** The index of the first row that is drawn. */
  first: number;
  /** The index behind the last row that is drawn. */
  end: number;
  /** The height of the rows above, in pixels. */
  above: number;
  /** The height of the rows below, in pixels. */
  below: number;
}

/**
 * Finds the rows of a list that lie between `top` and `bottom`, in pixels from the beginning of the list. `heights` has
 * the height of each row with the gap below it.
 */
export function windowOf(heights: Iterable<number>, { top, bottom }: { top: number; bottom: number }): ListWindow {
  let at = 0;
  let index = 0;
  let first: number | undefined;
  let end = 0;
  let above = 0;
  let shown = 0;
  for (const height of heights) {
    if (at + height > top && at < bottom) {
      first ??= index;
      end = index + 1;
      shown += height;
    } else if (first === undefined && at + height <= top) {
      above += height;
    }
    at += height;
    index++;
  }
  // A list that ends above the window, or begins below it, keeps its room all the same.
  if (first === undefined) return { first: 0, end: 0, above: 0, below: at };
  return { first, end, above, below: at - above - shown };
}
