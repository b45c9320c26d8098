/** Percent-encodes a text for a header. One half of a pair of UTF-16, which UTF-8 cannot write, becomes U+FFFD. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, "\ufffd"));
}
