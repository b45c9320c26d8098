/** Puts a text into the clipboard. False where the browser does not let it: over plain HTTP there is no clipboard. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
