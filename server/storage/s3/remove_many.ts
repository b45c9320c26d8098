import type { Body } from "./transport.ts";
import type { S3Client } from "./client.ts";
import { isPassing, isUnknownToServer, S3Error } from "./s3_error.ts";
import { elementsOf, encodedForXml, textOf } from "./xml.ts";

/** The most keys of one request. S3 takes a thousand, and a slow server needs some ten milliseconds for each. */
export const MAX_REMOVED = 200;

/**
 * Makes what removes up to {@linkcode MAX_REMOVED} objects by one request (S3's DeleteObjects). It gives the keys that the
 * server does not say it has removed: all of them from a server that refuses the request, and one that does not know it is
 * not asked again. Throws when the server is away.
 */
export function createRemoveMany(client: S3Client): (keys: readonly string[]) => Promise<readonly string[]> {
  let isKnown = true;
  return async (keys) => {
    if (!isKnown) return keys;
    try {
      const { body } = await client.send({
        method: "POST",
        query: { delete: "" },
        headers: { "content-type": "application/xml" },
        body: listOf(keys),
        needsChecksum: true,
      });
      const removed = new Set(elementsOf(body, "Deleted").map((element) => textOf(element, "Key")));
      return keys.filter((key) => !removed.has(key));
    } catch (error) {
      if (!(error instanceof S3Error) || isPassing(error)) throw error;
      if (isUnknownToServer(error)) isKnown = false;
      return keys;
    }
  };
}

function listOf(keys: readonly string[]): Body {
  const objects = keys.map((key) => `<Object><Key>${encodedForXml(key)}</Key></Object>`).join("");
  const bytes = new TextEncoder().encode(`<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${objects}</Delete>`);
  return { length: bytes.length, pieces: () => [bytes] };
}
