/** Puts a text into the clipboard. False if the browser does not allow it: over plain HTTP there is no clipboard. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
