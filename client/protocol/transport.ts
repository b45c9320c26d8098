/** One request of the simple protocol. */
export interface TransportRequest {
  /** The method. */
  method: "GET" | "POST" | "DELETE";
  /** The address, relative to the page if no `endpoint` was given. */
  url: string;
  /** The headers, by their names. */
  headers: Readonly<Record<string, string>>;
  /** The bytes to send. GET and DELETE have none. */
  body?: Blob;
  /** Called with the count of bytes of `body` that have departed so far, whenever the transport knows it. */
  onSent?: (bytes: number) => void;
  /** Called with the text of the answer that has come so far, whenever more of it comes, if the transport can tell. */
  onText?: (text: string) => void;
  /** Aborts when the request must end at once. The transport rejects then. */
  signal: AbortSignal;
}

/** The server's answer with any status. The `headers` of a `Response` fit. */
export interface TransportAnswer {
  /** The HTTP status. */
  status: number;
  /** The headers. Names are looked up in any case. */
  headers: { get(name: string): string | null };
  /** The whole body as text. */
  text: string;
}

/**
 * Carries one request to the server and its answer back. Rejects with any reason when there is no answer: the network
 * failed, the body could not be read, or the signal aborted. A 500 is an answer too.
 */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;
