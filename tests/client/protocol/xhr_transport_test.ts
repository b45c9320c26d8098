import { assert, assertEquals, assertRejects } from "@std/assert";
import type { TransportRequest } from "../../../client/mod.ts";
import { UploadError } from "../../../client/protocol/upload_error.ts";
import { xhrTransport } from "../../../client/protocol/xhr_transport.ts";

/** What a browser's XMLHttpRequest does, at a test's command. */
class FakeXhr {
  static last: FakeXhr;
  static isClosed = false;
  readonly sent: unknown[] = [];
  readonly upload: { onprogress?: (event: { loaded: number }) => void } = {};
  status = 0;
  responseText = "";
  headerBlock = "";
  aborted = false;
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;

  constructor() {
    FakeXhr.last = this;
  }

  open(...args: unknown[]): void {
    this.sent.push(args);
  }

  setRequestHeader(...args: unknown[]): void {
    this.sent.push(args);
  }

  send(body: unknown): void {
    this.sent.push(body);
    if (FakeXhr.isClosed) throw new DOMException("No", "NetworkError");
  }

  abort(): void {
    this.aborted = true;
    this.onabort?.();
  }

  getAllResponseHeaders(): string {
    return this.headerBlock;
  }

  answer(status: number, text: string, headerBlock = ""): void {
    Object.assign(this, { status, responseText: text, headerBlock });
    this.onload?.();
  }
}

function begin(more: Partial<TransportRequest> = {}) {
  const request: TransportRequest = {
    method: "GET",
    url: "/status",
    headers: { "X-File-Id": "film" },
    signal: new AbortController().signal,
    ...more,
  };
  return xhrTransport(request);
}

async function withXhr(run: () => Promise<void>): Promise<void> {
  Object.defineProperty(globalThis, "XMLHttpRequest", { value: FakeXhr, configurable: true });
  try {
    await run();
  } finally {
    FakeXhr.isClosed = false;
    delete (globalThis as { XMLHttpRequest?: unknown }).XMLHttpRequest;
  }
}

Deno.test("xhrTransport() sends what it is given, tells what has departed, and gives every answer back", async () => {
  await withXhr(async () => {
    const told: number[] = [];
    const body = new Blob(["abc"]);
    const answered = begin({ method: "POST", url: "/upload", body, onSent: (bytes) => told.push(bytes) });
    assertEquals(FakeXhr.last.sent, [["POST", "/upload"], ["X-File-Id", "film"], body]);
    FakeXhr.last.upload.onprogress?.({ loaded: 2 });
    FakeXhr.last.answer(503, "Busy: later", "Retry-After: 7\r\nLocation: https://a.example/files/1\r\n");
    const { status, headers, text } = await answered;
    assertEquals([status, text, told], [503, "Busy: later", [2]]);
    assertEquals([headers.get("retry-after"), headers.get("location")], ["7", "https://a.example/files/1"]);
  });
});

Deno.test("xhrTransport() asks for no progress of a request without a body: that would cost a preflight", async () => {
  await withXhr(async () => {
    const answered = begin();
    assertEquals([FakeXhr.last.upload.onprogress, FakeXhr.last.sent.at(-1)], [undefined, null]);
    FakeXhr.last.answer(200, "0");
    assertEquals((await answered).headers.get("location"), null);
  });
});

Deno.test("xhrTransport() rejects when the network breaks, and when the request cannot be sent at all", async () => {
  await withXhr(async () => {
    const broken = begin();
    FakeXhr.last.onerror?.();
    await assertRejects(() => broken, Error, "lost");
    FakeXhr.isClosed = true;
    await assertRejects(() => begin(), DOMException);
  });
});

Deno.test("xhrTransport() ends the request when it is aborted, with the reason, and not after its end", async () => {
  await withXhr(async () => {
    const abort = new AbortController();
    const aborted = begin({ signal: abort.signal });
    abort.abort(new RangeError("Enough"));
    await assertRejects(() => aborted, RangeError, "Enough");
    assert(FakeXhr.last.aborted);
    await assertRejects(() => begin({ signal: abort.signal }), RangeError);

    const later = new AbortController();
    const answered = begin({ signal: later.signal });
    FakeXhr.last.answer(200, "0");
    await answered;
    later.abort();
    assertEquals(FakeXhr.last.aborted, false);
  });
});

Deno.test("xhrTransport() says what a program needs that has no XMLHttpRequest, and is not tried again", async () => {
  assertEquals("XMLHttpRequest" in globalThis, false);
  const error = await assertRejects(() => begin(), UploadError, "give createFetchTransport() as the transport");
  assertEquals(error.code, "refused");
});
