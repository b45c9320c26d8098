// The functions that run in the page have the types of browsers.
/// <reference lib="dom" />
import type { Page } from "playwright-core";

/** Chooses what lies at `path`, which may be a folder, by an input in the place of all that a page shows. */
export async function chooseBare(page: Page, path: string, { isFolder }: { isFolder: boolean }): Promise<void> {
  await page.evaluate((attribute) => {
    document.body.innerHTML = `<input type=file id=bare ${attribute}>`;
  }, isFolder ? "webkitdirectory" : "");
  await page.setInputFiles("#bare", path);
}

/** Sends the chosen file in one request, and hashes it beside that if asked. Gives how many bytes are safe. */
export async function sendLarge(page: Page, headers: Record<string, string>, isHashed: boolean): Promise<number> {
  return await page.evaluate(async ({ headers, isHashed }) => {
    const [file] = document.querySelector<HTMLInputElement>("#bare")!.files as Iterable<File> as [File];
    const sending = fetch("/upload", { method: "POST", headers, body: file });
    const reader = isHashed ? file.stream().getReader({ mode: "byob" }) : undefined;
    for (let memory = new ArrayBuffer(2 ** 19);;) {
      const { value } = await reader?.read(new Uint8Array(memory), { min: memory.byteLength }) ?? {};
      if (!value?.length) break;
      await crypto.subtle.digest("SHA-256", value);
      memory = value.buffer;
    }
    return Number((await (await sending).text()).replace("Success ", ""));
  }, { headers, isHashed });
}

/** How many files a form has, and how many forms are on their way at a time. */
const FORMS = { files: 500, atOnce: 4 } as const;

/** Sends the chosen files in forms, and reads and hashes each before that if asked. Gives how many files are safe. */
export async function sendSmall(page: Page, isHashed: boolean): Promise<number> {
  return await page.evaluate(async ({ isHashed, files: most, atOnce }) => {
    const files = [...document.querySelector<HTMLInputElement>("#bare")!.files!];
    /** Makes a form in one piece of memory, into which all files are read at one go. */
    async function hashedForm(some: readonly File[]): Promise<Blob> {
      const head = (name: string) => `--x\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`;
      const parts = some.flatMap((file) => [head(file.name), file, "\r\n"]);
      const bytes = await new Blob([...parts, "--x--\r\n"]).arrayBuffer();
      let end = 0;
      await Promise.all(parts.map((part) => {
        const start = end;
        end += typeof part === "string" ? part.length : part.size;
        return part instanceof File && crypto.subtle.digest("SHA-256", new Uint8Array(bytes, start, part.size));
      }));
      return new Blob([bytes], { type: "multipart/form-data; boundary=x" });
    }
    function form(some: readonly File[]): FormData {
      const form = new FormData();
      for (const file of some) form.append("file", file);
      return form;
    }
    let safe = 0;
    async function sendOn(): Promise<void> {
      while (files.length > 0) {
        const some = files.splice(0, most);
        const body = isHashed ? await hashedForm(some) : form(some);
        const answer = await fetch("/upload", { method: "POST", headers: { Accept: "application/jsonl" }, body });
        const told = await answer.text();
        safe += told.split('"complete":true').length - 1;
      }
    }
    await Promise.all(Array.from({ length: atOnce }, sendOn));
    return safe;
  }, { isHashed, ...FORMS });
}
