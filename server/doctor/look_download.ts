import { compressible, digestField } from "./bytes.ts";
import type { Download } from "./observations.ts";
import type { Site } from "./site.ts";

const [FROM, TO] = [1000, 1099];

/** Gets the finished file back, whole and in part. `undefined` when this visitor may not read it. */
export async function lookAtDownload(site: Site, path: string): Promise<Download | undefined> {
  const whole = await site.ask({ method: "GET", path, headers: { "Accept-Encoding": "gzip, br, zstd" } });
  if (whole.kind === "answer" && [401, 403].includes(whole.answer.status)) return undefined;
  const part = await site.ask({ method: "GET", path, headers: { "Range": `bytes=${FROM}-${TO}` } });
  const file = compressible(site.plan.fileBytes);
  const found = whole.kind === "answer" ? whole.answer : undefined;
  const range = part.kind === "answer" ? part.answer : undefined;
  const encoding = found?.headers.get("content-encoding") ?? "identity";
  const tag = found?.headers.get("etag") ?? "";
  return {
    ...encoding !== "identity" && { encoding },
    isSame: found?.status === 200 && (encoding !== "identity" || isSame(found.body, file)),
    hasLength: found?.headers.get("content-length") === String(file.length),
    tag: tag === "" ? "missing" : tag.startsWith("W/") ? "weak" : "strong",
    hasDigest: found?.headers.get("repr-digest") === await digestField(file),
    range: {
      status: range?.status ?? 0,
      isRight: range?.status === 206 && isSame(range.body, file.subarray(FROM, TO + 1)),
    },
  };
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
