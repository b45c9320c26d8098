/** Which rows of a long list are to be there, and how much room the others take. */
export interface ListWindow {
  /** The index of the first row, and of the one behind the last. */
  first: number;
  end: number;
  /** The height of what is above and below, in pixels. */
  above: number;
  below: number;
}

/**
 * The rows of a list that lie between `top` and `bottom`, in pixels from where the list begins. Each of `heights` has a
 * row's height with the gap behind it.
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
  // A list that ends above the window, or begins below it, has its room all the same.
  if (first === undefined) return { first: 0, end: 0, above: 0, below: at };
  return { first, end, above, below: at - above - shown };
}
