/** The parts of a document that stand in its text. */
export interface InlineParts {
  readonly style: string;
  readonly script: string;
}

/**
 * The headers by which a browser runs and shows in a document what comes from this server alone, and besides the parts
 * that stand in its text (Content Security Policy Level 3, section 2.3.1: a digest allows that very text). A script or a
 * style sheet of its own needs no policy, because a browser applies only the document's.
 */
export async function documentHeaders(parts?: InlineParts): Promise<Record<string, string>> {
  const [script, style] = [await sourcesFor(parts?.script), await sourcesFor(parts?.style)];
  return {
    "content-security-policy":
      `default-src 'none'; script-src ${script}; style-src ${style}; connect-src 'self'; img-src 'self' data:; ` +
      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
  };
}

async function sourcesFor(text?: string): Promise<string> {
  if (text === undefined) return "'self'";
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `'self' 'sha256-${new Uint8Array(digest).toBase64()}'`;
}
