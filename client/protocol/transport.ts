/** One request of the simple protocol. */
export interface TransportRequest {
  /** Its method. */
  method: "GET" | "POST" | "DELETE";
  /** Its address, relative to the page where no `endpoint` was given. */
  url: string;
  /** Its headers, by their names. */
  headers: Readonly<Record<string, string>>;
  /** The bytes to send; absent for GET and DELETE. */
  body?: Blob;
  /** Called with the count of bytes of `body` that have departed so far, as often as the transport knows it. */
  onSent?: (bytes: number) => void;
  /** When it aborts, the request must end at once and the transport reject. */
  signal: AbortSignal;
}

/** The server's answer, whatever its status. A `Response`'s `headers` fit. */
export interface TransportAnswer {
  /** The HTTP status. */
  status: number;
  /** Its headers; names are looked up in any case. */
  headers: { get(name: string): string | null };
  /** The whole body as text. */
  text: string;
}

/**
 * Carries one request to the server and its answer back. Rejects, with any reason, when there is no answer: the network
 * failed, the body could not be read, or the signal aborted. Everything else is an answer, also a 500.
 */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;
