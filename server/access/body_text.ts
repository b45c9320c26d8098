import { UploadError } from "../errors.ts";

/** Reads a small body as text. Throws `too-large` for one of more than `max` characters. */
export async function bodyText({ body }: Request, max: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of body?.values({ preventCancel: true }) ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > max) throw new UploadError("too-large", `The body has at most ${max} characters here`);
  }
  return text;
}
