import { createHash } from "node:crypto";
import { elementsOf, textOf } from "../../server/storage/s3/xml.ts";
import { listAnswer, xml } from "./s3_answers.ts";

/** The faults of a fake S3 server. Without any it does all that a server needs. */
export interface S3Faults {
  /** The rights that the key does not have. */
  readonly denied?: readonly string[];
  readonly ignoresMd5?: boolean;
  /** Takes conditional writes for others, or says that it has none. */
  readonly conditional?: "ignored" | 501;
  readonly dropsMetadata?: boolean;
  readonly ignoresRange?: boolean;
  readonly isPublic?: boolean;
  /** The XML of answers about settings. */
  readonly versioning?: string;
  readonly lifecycle?: string;
  readonly objectLock?: string;
  /** Its clock minus the right one, in milliseconds. */
  readonly skewMs?: number;
  /** How long a PUT takes, in milliseconds of {@linkcode FakeS3.monotonic}. */
  readonly putMs?: number;
  /** Answers this status, with this word if it is not empty, to the request that removes many objects. */
  readonly removesMany?: readonly [status: number, code: string];
  /** The keys that it fails to remove with others, and those that it never removes. */
  readonly keepsAmongMany?: readonly string[];
  readonly keeps?: readonly string[];
}

/** A server that knows as much of S3 as the byte store asks of it. */
export interface FakeS3 extends AsyncDisposable {
  /** The address of its bucket, with a key. */
  readonly address: string;
  readonly port: number;
  /** The keys of all objects. */
  readonly keys: () => string[];
  /** A clock by which nothing but what is wished to be slow takes time, in milliseconds. */
  readonly monotonic: () => number;
}

type Metadata = readonly (readonly [name: string, value: string])[];

interface Stored {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly metadata: Metadata;
}

interface StoredMultipart {
  readonly key: string;
  readonly metadata: Metadata;
  readonly parts: Map<number, Uint8Array<ArrayBuffer>>;
}

class Refused extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

/** A range is copied of a longer object only, as AWS says. In bytes. */
const LEAST_SOURCE = 5 * 1024 * 1024;

/** Starts it on a free port of 127.0.0.1, or on that one, with one bucket. Use with `await using`. */
export function startFakeS3(faults: S3Faults = {}, wantedPort = 0): FakeS3 {
  const objects = new Map<string, Stored>();
  const multiparts = new Map<string, StoredMultipart>();
  let spentMs = 0;
  const allow = (right: string) => {
    if (faults.denied?.includes(right)) throw new Refused(403, "AccessDenied");
  };
  const found = (key: string) => objects.get(key) ?? refuse(404, "NoSuchKey");
  const onItsWay = (uploadId: string) => multiparts.get(uploadId) ?? refuse(404, "NoSuchUpload");
  const metadataOf = ({ headers }: Request) =>
    faults.dropsMetadata ? [] : [...headers].filter(([name]) => name.startsWith("x-amz-meta-"));

  async function answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const [, , ...segments] = url.pathname.split("/");
    const key = segments.map(decodeURIComponent).join("/");
    const query = url.searchParams;
    const isSigned = request.headers.has("authorization");
    if (!isSigned && !(faults.isPublic && request.method === "GET")) refuse(403, "AccessDenied");
    const bytes = await request.bytes();
    if (key === "" && query.has("delete")) return removeMany(bytes, request);
    if (key === "") return aboutBucket(query);
    const uploadId = query.get("uploadId");
    switch (request.method) {
      case "GET":
        return uploadId === null ? read(key, request) : partsOf(uploadId);
      case "HEAD":
        allow("s3:GetObject");
        return head(found(key));
      case "PUT":
        return put(key, bytes, request, query);
      case "POST":
        return uploadId === null ? begin(key, request) : complete(uploadId);
      case "DELETE":
        allow(uploadId === null ? "s3:DeleteObject" : "s3:AbortMultipartUpload");
        if (faults.keeps?.includes(key)) refuse(403, "AccessDenied");
        if (uploadId === null) objects.delete(key);
        else multiparts.delete(uploadId);
        return new Response(null, { status: 204 });
    }
    return refuse(405, "MethodNotAllowed");
  }

  function removeMany(body: Uint8Array<ArrayBuffer>, request: Request): Response {
    if (faults.removesMany !== undefined) refuse(...faults.removesMany);
    if (createHash("md5").update(body).digest("base64") !== request.headers.get("content-md5")) {
      refuse(400, "InvalidRequest");
    }
    const keys = elementsOf(new TextDecoder().decode(body), "Object").map((object) => textOf(object, "Key")!);
    const results = keys.map((key) => {
      if (faults.keeps?.includes(key)) return `<Error><Key>${key}</Key><Code>AccessDenied</Code></Error>`;
      if (faults.keepsAmongMany?.includes(key)) return `<Error><Key>${key}</Key><Code>InternalError</Code></Error>`;
      objects.delete(key);
      return `<Deleted><Key>${key}</Key></Deleted>`;
    });
    return xml("DeleteResult", results.join(""));
  }

  function aboutBucket(query: URLSearchParams): Response {
    if (query.has("uploads")) {
      allow("s3:ListBucketMultipartUploads");
      return listAnswer(
        "ListMultipartUploadsResult",
        [...multiparts].map(([uploadId, { key }]) => ({ key, content: `<UploadId>${uploadId}</UploadId>` })),
        { query, element: "Upload", max: "max-uploads", after: query.get("key-marker"), next: "NextKeyMarker" },
      );
    }
    if (query.has("versioning")) return xml("VersioningConfiguration", faults.versioning ?? "");
    if (query.has("lifecycle")) {
      return xml("LifecycleConfiguration", faults.lifecycle ?? refuse(404, "NoSuchLifecycleConfiguration"));
    }
    if (query.has("object-lock")) {
      return xml("ObjectLockConfiguration", faults.objectLock ?? refuse(404, "ObjectLockConfigurationNotFoundError"));
    }
    allow("s3:ListBucket");
    return listAnswer(
      "ListBucketResult",
      [...objects.keys()].map((key) => ({ key, content: "" })),
      {
        query,
        element: "Contents",
        max: "max-keys",
        after: query.get("continuation-token"),
        next: "NextContinuationToken",
      },
    );
  }

  function read(key: string, request: Request): Response {
    allow("s3:GetObject");
    const { bytes, metadata } = found(key);
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get("range") ?? "") ?? [];
    if (first === undefined || faults.ignoresRange) return new Response(bytes);
    const headers = new Headers(pairsOf(metadata));
    headers.set("content-range", `bytes ${first}-${last}/${bytes.length}`);
    headers.set("etag", '"e"');
    return new Response(bytes.slice(Number(first), Number(last) + 1), { status: 206, headers });
  }

  function put(key: string, body: Uint8Array<ArrayBuffer>, request: Request, query: URLSearchParams): Response {
    allow("s3:PutObject");
    spentMs += faults.putMs ?? 0;
    const md5 = request.headers.get("content-md5");
    if (md5 !== null && !faults.ignoresMd5 && createHash("md5").update(body).digest("base64") !== md5) {
      refuse(400, "BadDigest");
    }
    if (request.headers.get("if-none-match") === "*" && faults.conditional !== "ignored") {
      if (faults.conditional === 501) refuse(501, "NotImplemented");
      if (objects.has(key)) refuse(412, "PreconditionFailed");
    }
    const from = request.headers.get("x-amz-copy-source");
    if (from !== null) allow("s3:GetObject");
    const source = from === null ? body : copied(from, request);
    const part = query.get("partNumber");
    if (part !== null) onItsWay(query.get("uploadId")!).parts.set(Number(part), source);
    else objects.set(key, { bytes: source, metadata: metadataOf(request) });
    if (from === null) return new Response(null, { headers: { etag: '"e"' } });
    return xml("CopyResult", "<ETag>&quot;e&quot;</ETag>");
  }

  function copied(from: string, { headers }: Request): Uint8Array<ArrayBuffer> {
    const { bytes } = found(from.split("/").slice(2).map(decodeURIComponent).join("/"));
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.get("x-amz-copy-source-range") ?? "") ?? [];
    if (first !== undefined && bytes.length <= LEAST_SOURCE) refuse(400, "InvalidRequest");
    return first === undefined ? bytes : bytes.slice(Number(first), Number(last) + 1);
  }

  function begin(key: string, request: Request): Response {
    allow("s3:PutObject");
    const uploadId = crypto.randomUUID();
    multiparts.set(uploadId, { key, metadata: metadataOf(request), parts: new Map() });
    return xml("InitiateMultipartUploadResult", `<UploadId>${uploadId}</UploadId>`);
  }

  function partsOf(uploadId: string): Response {
    allow("s3:ListMultipartUploadParts");
    const parts = inOrder(onItsWay(uploadId)).map(([number, { length }]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>"e"</ETag><Size>${length}</Size></Part>`
    );
    return xml("ListPartsResult", `<IsTruncated>false</IsTruncated>${parts.join("")}`);
  }

  function complete(uploadId: string): Response {
    allow("s3:PutObject");
    const multipart = onItsWay(uploadId);
    const { key, metadata } = multipart;
    multiparts.delete(uploadId);
    const parts = inOrder(multipart);
    const whole = new Uint8Array(parts.reduce((sum, [, { length }]) => sum + length, 0));
    let at = 0;
    for (const [, part] of parts) {
      whole.set(part, at);
      at += part.length;
    }
    objects.set(key, { bytes: whole, metadata });
    return xml("CompleteMultipartUploadResult", "<ETag>e</ETag>");
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: wantedPort, onListen() {} }, async (request) => {
    const response = await answer(request).catch((error) => {
      if (!(error instanceof Refused)) throw error;
      return xml("Error", error.code === "" ? "" : `<Code>${error.code}</Code>`, error.status);
    });
    response.headers.set("date", new Date(Date.now() + (faults.skewMs ?? 0)).toUTCString());
    return response;
  });
  const { port } = server.addr;
  return {
    address: `http://key:secret@127.0.0.1:${port}/uploads`,
    port,
    keys: () => [...objects.keys()],
    monotonic: () => spentMs,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function refuse(status: number, code: string): never {
  throw new Refused(status, code);
}

function inOrder({ parts }: StoredMultipart): [number: number, part: Uint8Array<ArrayBuffer>][] {
  return [...parts].sort(([one], [other]) => one - other);
}

function pairsOf(metadata: Metadata): [name: string, value: string][] {
  return metadata.map(([name, value]) => [name, value]);
}

function head({ bytes, metadata }: Stored): Response {
  const headers = new Headers(pairsOf(metadata));
  headers.set("content-length", String(bytes.length));
  return new Response(null, { headers });
}
