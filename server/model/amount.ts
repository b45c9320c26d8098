/** An amount of files and of their bytes. */
export interface Amount {
  readonly files: number;
  readonly bytes: number;
}

export const NOTHING: Amount = { files: 0, bytes: 0 };

/** The amount less another one. */
export function less(amount: Amount, other: Amount): Amount {
  return { files: amount.files - other.files, bytes: amount.bytes - other.bytes };
}

/** The part of an amount that another one has too. */
export function shared(amount: Amount, other: Amount): Amount {
  return { files: Math.min(amount.files, other.files), bytes: Math.min(amount.bytes, other.bytes) };
}
