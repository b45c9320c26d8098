import { headOf } from "../client.ts";
import type { FormRest } from "../load.ts";
import { smallBody } from "./peer.ts";

/** How many files a form has. */
export const FORM_FILES = 200;

/** The answer to a form: no file is refused, and all are told. */
export const FORM_ANSWER = new RegExp(
  `^HTTP/1\\.1 200 (?:(?!"error")[^])*\\{"status":200,"parts":${FORM_FILES}\\}\\n\\r\\n0\\r\\n\\r\\n$`,
);

const BOUNDARY = "----PawlBench7Gq";

/** A request with {@linkcode FORM_FILES} small files. `########` stands for the number of each. */
export function formRequest(url: string): { head: string; form: FormRest } {
  const part = [
    `--${BOUNDARY}`,
    'Content-Disposition: form-data; name="file"; filename="small-########"',
    "X-File-Id: small-########-4096",
    "X-File-Size: 4096",
    "",
    smallBody(),
    "",
  ].join("\r\n");
  const end = `--${BOUNDARY}--\r\n`;
  const head = headOf("POST", url, {
    "Accept": "application/jsonl",
    "Content-Type": `multipart/form-data; boundary=${BOUNDARY}`,
    "Content-Length": String(FORM_FILES * part.length + end.length),
  });
  return { head, form: { files: FORM_FILES, part, end } };
}
