/**
 * The candidate that a mistyped text most probably means; `undefined` when none is near. One wrong letter in three is
 * near, and so is the beginning of exactly one candidate.
 */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  const all = [...candidates];
  const begun = text.length < 3 ? [] : all.filter((candidate) => candidate.startsWith(text));
  if (begun.length === 1) return begun[0];
  const allowed = Math.max(1, Math.floor(text.length / 3));
  let found: { readonly candidate: string; readonly edits: number } | undefined;
  for (const candidate of all) {
    const edits = editsBetween(text, candidate);
    if (edits <= allowed && edits < (found?.edits ?? Infinity)) found = { candidate, edits };
  }
  return found?.candidate;
}

/** How many letters are missing, wrong, too many, or swapped with the next one (optimal string alignment distance). */
export function editsBetween(a: string, b: string): number {
  // No name is so long, and the cost grows with the square.
  if (Math.abs(a.length - b.length) > 20) return Infinity;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (isSame ? 0 : 1));
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) edits = Math.min(edits, before[j - 2]! + 1);
      row.push(edits);
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
