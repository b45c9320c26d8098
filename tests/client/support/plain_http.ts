/** What `work` gives where there is no WebCrypto, as in a page that came over plain HTTP. */
export function withoutWebCrypto<Result>(work: () => Result): Result {
  const before = Object.getOwnPropertyDescriptor(crypto, "subtle");
  Object.defineProperty(crypto, "subtle", { value: undefined, configurable: true });
  try {
    return work();
  } finally {
    delete (crypto as { subtle?: unknown }).subtle;
    if (before !== undefined) Object.defineProperty(crypto, "subtle", before);
  }
}
